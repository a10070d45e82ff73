# SPDX-License-Identifier: Apache-2.0
"""A tip that moves from place to place: for training data and the upper baseline, not for planning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray

THERE = 0.008  # m
NOISE_SHARE = (0.0, 0.5)  # of the aimless motion, added
SPEED_SHARE = (0.4, 1.0)  # of max_tip_speed
LONGEST = 60  # control steps: then it changes its goal


class Touring:
    """Moves straight from one place to the next, and from the last one on a new way.

    Args:
        spec: the robot, moving along x and y.
        way: from the tip's place (2,) to the places (2,) to pass next; with noise called again at the last.
        aimless: added motion; None goes one way, at full speed, and stays.
        generator: of speed and noise.
    """

    def __init__(
        self,
        spec: RobotSpec,
        way: Callable[[FloatArray], list[FloatArray]],
        aimless: RandomMotion | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self._step_s, self._way, self._aimless = spec.step_ns / 1e9, way, aimless
        self._fastest, self._actions = spec.max_tip_speed, spec.actions
        self._speed, self._noise = 1.0, 0.0
        if generator is not None:
            self._speed, self._noise = generator.uniform(*SPEED_SHARE), generator.uniform(*NOISE_SHARE)
        self._left: list[FloatArray] = []
        self._steps, self._begun = 0, False

    def next(self, scene: World) -> FloatArray:
        """Return the next tip velocity (2,) in m/s."""
        tip = scene.truth()["tip"][:2]
        self._steps += 1
        while self._left and np.linalg.norm(self._left[0] - tip) < THERE:
            if len(self._left) == 1 and self._aimless is None:
                break
            self._left.pop(0)
        stale = self._aimless is not None and self._steps > LONGEST
        if not self._begun or stale or not self._left:
            self._left, self._steps, self._begun = self._way(tip), 0, True
        velocity = (self._left[0] - tip) / self._step_s
        velocity *= min(1.0, self._speed * self._fastest / max(1e-9, float(np.abs(velocity).max())))
        if self._aimless is not None:
            velocity = velocity + self._noise * self._aimless.next(scene)
        return np.clip(velocity, self._actions.low, self._actions.high)
