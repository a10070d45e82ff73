# SPDX-License-Identifier: Apache-2.0
"""Driving with access to the truth: for training data and the upper baseline, not for planning."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.exploration.motion import ornstein_uhlenbeck
from ami_ros.exploration.steering import (
    AGAIN,
    ALPHA,
    CLOSE,
    RHO,
    TURN,
    SteeringTo,
    leaves_area,
    limited,
    wrapped,
)
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray

AHEAD_S = 1.5  # how far random driving looks ahead: longer than the stopping time
ASKEW = 0.3  # rad off the way: the base turns before it drives
NOISE = 0.3  # std, share of half the range


class RandomDriving:
    """Ornstein-Uhlenbeck velocities around a middle, which turn back where the way ahead leaves the area.

    Each episode draws middle and amplitude again: long arcs as well as manoeuvres on the spot.

    Args:
        spec: a base with an area.
        base: of it.
        settings: correlation and amplitude, the latter as a share of half the range.
        generator: random numbers.
    """

    def __init__(
        self, spec: RobotSpec, base: Base, settings: CollectSettings, generator: np.random.Generator
    ) -> None:
        self._actions, self._base, self._generator = spec.actions, base, generator
        self._keep = settings.correlation
        self._low = spec.actions.centre - spec.actions.half_range
        self._high = spec.actions.centre + spec.actions.half_range
        std = generator.uniform(settings.amplitude[0], settings.amplitude[1])
        self._middle = 0.5 * generator.uniform(self._low, self._high)
        self._std = std * spec.actions.half_range
        self._value = self._middle + generator.normal(size=len(self._std)) * self._std

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s."""
        self._value = ornstein_uhlenbeck(self._value, self._middle, self._std, self._keep, self._generator)
        action = np.clip(self._value, self._low, self._high)
        if self._leaves(scene.body()["pose"], action):
            # Back the way it came; if that also leads outside, the gate decides.
            self._value, self._middle = self._mirrored(self._value), self._mirrored(self._middle)
            action = np.clip(self._value, self._low, self._high)
        return action

    def _mirrored(self, action: FloatArray) -> FloatArray:
        names = self._actions.names
        return np.array([-v if name == "vx" else v for name, v in zip(names, action, strict=True)])

    def _leaves(self, pose: FloatArray, action: FloatArray) -> bool:
        motion = dict(zip(self._actions.names, action.tolist(), strict=True))
        return leaves_area(self._base, pose, motion, AHEAD_S)


class DrivingTo:
    """Drives to a given pose, with access to the truth; arguments as for SteeringTo."""

    def __init__(self, spec: RobotSpec, goal: FloatArray, distance: float, angle: float) -> None:
        self._steering = SteeringTo(spec.actions, goal, distance, angle)

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s; zeros on arrival."""
        return self._steering.next(scene.body()["pose"])


class DrivingThrough:
    """Drives straight from one place to the next, turning on the spot between them, and turns at the last.

    Args:
        spec: a base whose channels are vx and wz.
        stations: poses (3,), x, y (m) and yaw (rad); on the way only the places count.
        distance: that counts as arrived, m.
        generator: of added noise; None for none.
        steps: after which it abandons a place for the next; None for never.
    """

    def __init__(
        self,
        spec: RobotSpec,
        stations: Sequence[FloatArray],
        distance: float,
        generator: np.random.Generator | None = None,
        steps: int | None = None,
    ) -> None:
        self._actions, self._left = spec.actions, list(stations)
        self._distance, self._generator, self._steps = distance, generator, steps
        self._is_there, self._since = False, 0

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s."""
        pose = scene.body()["pose"]
        while len(self._left) > 1 and (
            np.hypot(*(self._left[0][:2] - pose[:2])) < self._distance or self._since == self._steps
        ):
            self._left.pop(0)
            self._since = 0
        self._since += 1
        action = limited(self._actions, *self._toward(pose, self._left[0]))
        if self._generator is not None:
            action = action + self._generator.normal(size=len(action)) * NOISE * self._actions.half_range
        half = self._actions.half_range
        return np.clip(action, self._actions.centre - half, self._actions.centre + half)

    def _toward(self, pose: FloatArray, goal: FloatArray) -> tuple[float, float]:
        way = goal[:2] - pose[:2]
        far = float(np.hypot(*way))
        self._is_there = far < (AGAIN if self._is_there else CLOSE) * self._distance
        if self._is_there:
            return 0.0, TURN * wrapped(goal[2] - pose[2])
        alpha, forward = wrapped(math.atan2(way[1], way[0]) - pose[2]), 1.0
        if abs(alpha) > 0.5 * math.pi:
            alpha, forward = wrapped(alpha + math.pi), -1.0
        return (0.0 if abs(alpha) > ASKEW else forward * RHO * far), ALPHA * alpha
