# SPDX-License-Identifier: Apache-2.0
"""Plan a few times before it counts."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.protocols import Planner
from ami_ros.types import Goal, Observation, Reading

WARM_UP_PLANS = 5  # TorchScript specialises during the first calls, which take a hundred times longer


def warm_up(planner: Planner, spec: RobotSpec) -> None:
    """Plan from a black image, so that the first real plan meets its deadline. Leaves no goal behind."""
    image = np.zeros((spec.camera.height, spec.camera.width, 3), dtype=np.uint8)
    planner.set_goal(Goal(images={spec.camera.name: image}))
    still = np.concatenate([spec.home, np.zeros_like(spec.home)])
    values = {spec.camera.name: image, spec.joint_sensor: still}
    observation = Observation({name: Reading(value, 0, 0) for name, value in values.items()})
    for _ in range(WARM_UP_PLANS):
        planner.plan(observation)
    planner.set_goal(None)
    planner.restart()
