# SPDX-License-Identifier: Apache-2.0
"""Plan a few times before it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.planning.protocols import Planner
from ami_ros.types import Goal, ImageArray, Observation, Reading

WARM_UP_PLANS = 5  # TorchScript specialises during the first calls, which take a hundred times longer


def readings_at_home(
    spec: RobotSpec, picture: Callable[[ImageSensor], ImageArray]
) -> dict[str, NDArray[Any]]:
    """Return the readings of this body at its home position, by sensor.

    Args:
        spec: the body.
        picture: creates an image (H, W, 3) of a camera.
    """
    values: dict[str, NDArray[Any]] = {camera.name: picture(camera) for camera in spec.images_for("model")}
    values |= {vector.name: np.zeros(vector.size) for vector in spec.vectors_for("model")}
    for group in spec.groups:
        values |= group.readings_at_home()
    return values


def goal_at_home(spec: RobotSpec, picture: Callable[[ImageSensor], ImageArray]) -> Goal:
    """Return a goal of all cameras, or without cameras of the first other sensor; arguments as above."""
    images = {camera.name: picture(camera) for camera in spec.images_for("model")}
    felt = spec.vectors_for("model")[:1]
    wanted = {vector.name: np.zeros(len(vector.names)) for vector in felt}
    return Goal(images=images) if images else Goal(vectors=wanted)


def warm_up(planner: Planner, spec: RobotSpec) -> None:
    """Plan from black images, so that the first real plan meets its deadline. Leaves no goal behind."""
    planner.set_goal(goal_at_home(spec, _black))
    values = readings_at_home(spec, _black)
    observation = Observation({name: Reading(value, 0, 0) for name, value in values.items()})
    for _ in range(WARM_UP_PLANS):
        planner.plan(observation)
    planner.set_goal(None)
    planner.restart()


def _black(camera: ImageSensor) -> ImageArray:
    return np.zeros((camera.height, camera.width, 3), dtype=np.uint8)
