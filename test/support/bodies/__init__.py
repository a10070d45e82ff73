# SPDX-License-Identifier: Apache-2.0
"""Bodies for tests that are more than an arm with a camera."""

from bodies.grouped_bodies import GROUPED, grouped_robot
from bodies.yaml_bodies import (
    TWIST,
    WRENCH,
    mobile_base,
    process_body,
    setpoint_task,
    two_cameras_and_force,
    vector_sensor,
)

__all__ = [
    "GROUPED",
    "TWIST",
    "WRENCH",
    "grouped_robot",
    "mobile_base",
    "process_body",
    "setpoint_task",
    "two_cameras_and_force",
    "vector_sensor",
]
