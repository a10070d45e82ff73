# SPDX-License-Identifier: Apache-2.0
"""How the robot moves while push data is recorded: often in contact, never the same way twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.tasks.task import Motion
from ami_ros.sim.world.scene import Scene
from ami_ros.types import FloatArray

ATTRACTION_HZ = (0.5, 3.0)  # pull toward the block, per metre of distance
NOISE_SHARE = (0.0, 0.6)  # of the aimless motion, added to a scripted push
SPEED_SHARE = (0.3, 1.0)  # of max_tip_speed, of a scripted push
NEW_GOAL_SHARE = 0.03  # per step: a push is given up for another
NEAR = 0.01  # m: a push is finished


def push_motion(
    spec: RobotSpec,
    pushing: Callable[[FloatArray, float], Motion] | None,
    place: Callable[[np.random.Generator], FloatArray],
    aimless: RandomMotion,
    generator: np.random.Generator,
) -> Motion:
    """Return scripted pushes with noise, or, without `pushing`, noise that leans toward the block."""
    if pushing is None:
        return Attracted(spec, aimless, generator)
    return NoisyPushing(spec, pushing, place, aimless, generator)


class Attracted:
    """Aimless motion that leans toward the block."""

    def __init__(self, spec: RobotSpec, aimless: RandomMotion, generator: np.random.Generator) -> None:
        self._speed, self._aimless = spec.max_tip_speed, aimless
        self._pull_hz = generator.uniform(*ATTRACTION_HZ)

    def next(self, scene: Scene) -> FloatArray:
        """Return the next action (2,) in m/s."""
        pull = self._pull_hz * (scene.objects()[0, :2] - scene.tip()[:2])
        return np.clip(pull + self._aimless.next(scene), -self._speed, self._speed)


class NoisyPushing:
    """Scripted pushes to one random place after another, at a random speed, with aimless motion added."""

    def __init__(
        self,
        spec: RobotSpec,
        pushing: Callable[[FloatArray, float], Motion],
        place: Callable[[np.random.Generator], FloatArray],
        aimless: RandomMotion,
        generator: np.random.Generator,
    ) -> None:
        self._spec, self._pushing, self._place = spec, pushing, place
        self._aimless, self._generator = aimless, generator
        self._noise = generator.uniform(*NOISE_SHARE)
        self._begin()

    def _begin(self) -> None:
        self._goal = self._place(self._generator)
        speed = self._generator.uniform(*SPEED_SHARE) * self._spec.max_tip_speed
        self._push = self._pushing(self._goal, speed)

    def next(self, scene: Scene) -> FloatArray:
        """Return the next action (2,) in m/s."""
        near = np.linalg.norm(scene.objects()[0, :2] - self._goal) < NEAR
        if near or self._generator.random() < NEW_GOAL_SHARE:
            self._begin()
        action = self._push.next(scene) + self._noise * self._aimless.next(scene)
        return np.clip(action, -self._spec.max_tip_speed, self._spec.max_tip_speed)
