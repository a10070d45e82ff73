# SPDX-License-Identifier: Apache-2.0
"""Driving that looks at the truth: for training data and the upper baseline, not for planning."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.body.base import Base
from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.world.yard import Yard
from ami_ros.types import FloatArray

AHEAD_S = 1.5  # how far random driving looks ahead: longer than it takes to stop
SAMPLES = 6  # of that way
RHO, ALPHA, BETA = 0.8, 2.2, -0.8  # 1/s, gains of the way to a pose
TURN = 1.5  # 1/s, gain of a turn on the spot
CLOSE = 0.5  # tolerances: so near, only the heading is left
ASKEW = 0.3  # rad off the way: it turns before it drives
NOISE = 0.3  # std, share of half the range
AGAIN = 0.9  # tolerances: so far off after a turn, it goes there again


class RandomDriving:
    """Ornstein-Uhlenbeck velocities around a middle, which turns back where the way ahead leaves the area.

    Middle and amplitude are drawn again each episode: long arcs as well as manoeuvres on the spot.

    Args:
        spec: a base that is kept in an area.
        base: of it.
        settings: correlation and amplitude, the latter as a share of half the range.
        generator: random numbers.

    Source: Uhlenbeck and Ornstein, "On the theory of the Brownian motion" (1930), discretised.
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

    def next(self, scene: Yard) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s."""
        noise = self._generator.normal(size=len(self._std)) * self._std
        away = self._keep * (self._value - self._middle) + math.sqrt(1.0 - self._keep**2) * noise
        self._value = self._middle + away
        action = np.clip(self._value, self._low, self._high)
        if self._leaves(scene.pose(), action):
            # Back the way it came; where that leads outside as well, the gate has the last word.
            self._value, self._middle = self._mirrored(self._value), self._mirrored(self._middle)
            action = np.clip(self._value, self._low, self._high)
        return action

    def _mirrored(self, action: FloatArray) -> FloatArray:
        names = self._actions.names
        return np.array([-v if name == "vx" else v for name, v in zip(names, action, strict=True)])

    def _leaves(self, pose: FloatArray, action: FloatArray) -> bool:
        if self._base.keep_in is None:
            return False
        motion = dict(zip(self._actions.names, action.tolist(), strict=True))
        times = np.linspace(0.0, AHEAD_S, SAMPLES)
        yaws = pose[2] + motion.get("wz", 0.0) * times
        along = np.stack([np.cos(yaws), np.sin(yaws)], axis=1) * motion.get("vx", 0.0)
        places = pose[:2] + np.cumsum(along, axis=0) * (AHEAD_S / (SAMPLES - 1))
        rooms = room(np.concatenate([pose[None, :2], places]), self._base.keep_in)
        return bool(rooms[1:].min() < min(self._base.radius, float(rooms[0])))


class DrivingTo:
    """Drives to a pose, forward or backward, whichever needs less turning, and turns there.

    Args:
        spec: a base whose channels are vx and wz.
        goal: x, y (m) and yaw (rad) (3,).
        distance: that counts as there, m.
        angle: that counts as there, rad.

    Source: stable motion to a pose in polar coordinates; Siegwart and Nourbakhsh, "Introduction to autonomous
    mobile robots" (2004), section 3.6.2.
    """

    def __init__(self, spec: RobotSpec, goal: FloatArray, distance: float, angle: float) -> None:
        self._actions, self._goal = spec.actions, goal
        self._distance, self._angle = distance, angle
        self._forward: float | None = None
        self._is_there = False

    def next(self, scene: Yard) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s; zeros when it is there."""
        pose = scene.pose()
        way = self._goal[:2] - pose[:2]
        far, left = float(np.hypot(*way)), wrapped(self._goal[2] - pose[2])
        self._is_there = far < (AGAIN if self._is_there else CLOSE) * self._distance
        if self._is_there:
            self._forward = None
            turn = 0.0 if abs(left) < 0.3 * self._angle else TURN * left
            return _limited(self._actions, 0.0, turn)
        bearing = math.atan2(way[1], way[0])
        alpha, beta = wrapped(bearing - pose[2]), wrapped(self._goal[2] - bearing)
        if self._forward is None:
            back = abs(wrapped(alpha + math.pi)) + abs(wrapped(beta + math.pi))
            self._forward = 1.0 if abs(alpha) + abs(beta) <= back else -1.0
        if self._forward < 0.0:
            alpha, beta = wrapped(alpha + math.pi), wrapped(beta + math.pi)
        speed = RHO * far * max(0.0, math.cos(alpha))
        return _limited(self._actions, self._forward * speed, ALPHA * alpha + BETA * beta)


class DrivingThrough:
    """Drives straight from one place to the next, turning on the spot between them, and turns at the last.

    Args:
        spec: a base whose channels are vx and wz.
        stations: poses (3,), x, y (m) and yaw (rad); on the way only the places count.
        distance: that counts as there, m.
        generator: of noise on top; None for none.
        steps: until it gives a place up for the next; None for never.
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

    def next(self, scene: Yard) -> FloatArray:
        """Return the next action (A,) in m/s and rad/s."""
        pose = scene.pose()
        while len(self._left) > 1 and (
            np.hypot(*(self._left[0][:2] - pose[:2])) < self._distance or self._since == self._steps
        ):
            self._left.pop(0)
            self._since = 0
        self._since += 1
        action = _limited(self._actions, *self._toward(pose, self._left[0]))
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


def _limited(actions: ActionSpec, vx: float, wz: float) -> FloatArray:
    """Return the action, slowed down as a whole to what the channels can: the way stays the same."""
    half = dict(zip(actions.names, actions.half_range.tolist(), strict=True))
    worst = max(abs(vx) / half["vx"], abs(wz) / half["wz"], 1.0)
    wanted = {"vx": vx / worst, "wz": wz / worst}
    return np.array([wanted[name] for name in actions.names])


def wrapped(angle: float) -> float:
    """Return an angle in [-pi, pi]."""
    return math.atan2(math.sin(angle), math.cos(angle))
