# SPDX-License-Identifier: Apache-2.0
"""Plan a few times before it counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.protocols import Planner
from ami_ros.types import Goal, Observation, Reading

WARM_UP_PLANS = 5  # TorchScript specialises during the first calls, which take a hundred times longer


def warm_up(planner: Planner, spec: RobotSpec) -> None:
    """Plan from black images, so that the first real plan meets its deadline. Leaves no goal behind."""
    seen, felt = spec.images_for("model"), spec.vectors_for("model")
    images = {camera.name: np.zeros((camera.height, camera.width, 3), dtype=np.uint8) for camera in seen}
    vectors = {vector.name: np.zeros(vector.size) for vector in felt}
    if spec.arm is not None:
        vectors[spec.joint_sensor] = np.concatenate([spec.home, np.zeros_like(spec.home)])
    wanted = {vector.name: np.zeros(len(vector.names)) for vector in felt[:1]}
    planner.set_goal(Goal(images=images) if images else Goal(vectors=wanted))
    values: dict[str, NDArray[Any]] = {**images, **vectors}
    observation = Observation({name: Reading(value, 0, 0) for name, value in values.items()})
    for _ in range(WARM_UP_PLANS):
        planner.plan(observation)
    planner.set_goal(None)
    planner.restart()
