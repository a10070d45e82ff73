# SPDX-License-Identifier: Apache-2.0
"""The same robot in a world unseen in training: other meshes, colours and background at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.camera.variation import TINTS, Variation
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import FloatArray, ImageArray

PHYSICS_HZ = 200.0  # it is never stepped
WHITE_TABLE, DARK_WALL = (1.8, 2.3, 3.2), (0.08, 0.08, 0.08)  # factors on the usual colours
PLAIN_ARM = (0.7, 1.3)  # range of the factor on the detailed meshes' own colours


class ForeignWorld:
    """Pictures of another world in which the robot and its objects stand exactly as here.

    Args:
        spec: the robot.
        task: furnishes the world.
        seed: of the colours.
    """

    def __init__(self, spec: RobotSpec, task: Task, seed: int) -> None:
        self._scene = open_world(spec, PHYSICS_HZ, detailed=True)
        task.furnish(self._scene)
        low, high = PLAIN_ARM
        greys = np.random.default_rng(seed).uniform(low, high, TINTS - 2).tolist()
        others = tuple((grey, grey, grey) for grey in greys)
        self._scene.vary(Variation(tints=(WHITE_TABLE, DARK_WALL, *others)), seed)

    def image(self, moment: Mapping[str, FloatArray], camera: str) -> ImageArray:
        """Return what a camera of the robot would see there at a `World.snapshot`."""
        self._scene.show(moment)
        return self._scene.image(camera=camera)

    def close(self) -> None:
        """Free the physics client."""
        self._scene.close()
