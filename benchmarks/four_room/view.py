# SPDX-License-Identifier: Apache-2.0
"""A planner's view of the four rooms: two successive pictures and the action in between, as one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray, ImageArray
from benchmarks.four_room.behaviour import Explorer
from benchmarks.four_room.world import SIDE, SPEED, FourRoom, free_place

STEPS = 5  # of the world per control step; its actions are all equal
Plane = NDArray[np.uint8]


def dots(picture: ImageArray) -> Plane:
    """Return how red each pixel is (H, W): agent and double, which look the same."""
    return np.asarray(picture[..., 0] - picture[..., 1], dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class View:
    """Agent and double look the same in one picture: only the agent follows the actions.

    Attributes:
        before: (224, 224, 3) uint8, a control step ago.
        now: (224, 224, 3) uint8.
        done: (2,) mean action in [-1, 1] in between.
    """

    before: ImageArray
    now: ImageArray
    done: FloatArray

    def image(self, side: int) -> ImageArray:
        """Return (side, side, 3): the dots now, where the action would put them all, and the walls."""
        x, y = self.done * SPEED * STEPS
        shift = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
        asked = cv2.warpAffine(dots(self.before), shift, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        planes = [dots(self.now), asked, 255 - self.now[..., 0]]
        return np.stack(
            [cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA) for plane in planes], 2
        )


def control_step(
    world: FourRoom, action: FloatArray, double: Explorer, generator: np.random.Generator
) -> View:
    """Run one control step with the action (2,) in [-1, 1] held; return the view after it."""
    before = world.image()
    for _ in range(STEPS):
        world.step(action, double.action(), generator)
    return View(before, world.image(), np.clip(action, -1.0, 1.0))


def goal_view(goal: FloatArray, closed: int, generator: np.random.Generator) -> View:
    """Return the view of an agent that stands still at a goal (2,) px, while the double moves."""
    world = FourRoom(np.array(goal), free_place(generator, closed), closed)
    return control_step(world, np.zeros(2), Explorer(generator), generator)
