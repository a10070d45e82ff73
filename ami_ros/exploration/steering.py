# SPDX-License-Identifier: Apache-2.0
"""Steers a base with a differential drive to a pose, and checks the way ahead of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.body.base import Base
from ami_ros.body.polygon import room
from ami_ros.types import FloatArray

SAMPLES = 6  # along the way ahead
RHO, ALPHA, BETA = 0.8, 2.2, -0.8  # 1/s, gains of the way to a pose
TURN = 1.5  # 1/s, gain of a turn on the spot
CLOSE = 0.5  # tolerances: this near, only the heading is left
AGAIN = 0.9  # tolerances: this far off after a turn, it approaches again


class SteeringTo:
    """Drives to a pose, forward or backward, whichever needs less turning, and turns there.

    A base that cannot go backward always drives forward.

    Args:
        actions: channels vx and wz.
        goal: x, y (m) and yaw (rad) (3,).
        distance: position tolerance, m.
        angle: heading tolerance, rad.

    Source: stable motion to a pose in polar coordinates; Siegwart and Nourbakhsh, "Introduction to autonomous
    mobile robots" (2004), section 3.6.2.
    """

    def __init__(self, actions: ActionSpec, goal: FloatArray, distance: float, angle: float) -> None:
        self._actions, self._goal = actions, goal
        self._distance, self._angle = distance, angle
        self._reverses = bool(actions.low[actions.names.index("vx")] < 0.0)
        self._forward: float | None = None
        self._is_there = False

    def next(self, pose: FloatArray) -> FloatArray:
        """Return the action (A,) in m/s and rad/s at a pose (3,); zeros when it is there."""
        way = self._goal[:2] - pose[:2]
        far, left = float(np.hypot(*way)), wrapped(self._goal[2] - pose[2])
        self._is_there = far < (AGAIN if self._is_there else CLOSE) * self._distance
        if self._is_there:
            self._forward = None
            turn = 0.0 if abs(left) < 0.3 * self._angle else TURN * left
            return limited(self._actions, 0.0, turn)
        bearing = math.atan2(way[1], way[0])
        alpha, beta = wrapped(bearing - pose[2]), wrapped(self._goal[2] - bearing)
        if self._forward is None:
            back = abs(wrapped(alpha + math.pi)) + abs(wrapped(beta + math.pi))
            self._forward = 1.0 if abs(alpha) + abs(beta) <= back or not self._reverses else -1.0
        if self._forward < 0.0:
            alpha, beta = wrapped(alpha + math.pi), wrapped(beta + math.pi)
        speed = RHO * far * max(0.0, math.cos(alpha))
        return limited(self._actions, self._forward * speed, ALPHA * alpha + BETA * beta)


def leaves_area(base: Base, pose: FloatArray, motion: Mapping[str, float], ahead_s: float) -> bool:
    """Return whether a base gets nearer to the border of its area than allowed, and nearer than now.

    Args:
        base: base with its area; without an area, it cannot leave.
        pose: x, y (m) and yaw (rad) (3,).
        motion: speeds by channel; only vx and wz count.
        ahead_s: look-ahead time, s.
    """
    if base.keep_in is None:
        return False
    times = np.linspace(0.0, ahead_s, SAMPLES)
    yaws = pose[2] + motion.get("wz", 0.0) * times
    along = np.stack([np.cos(yaws), np.sin(yaws)], axis=1) * motion.get("vx", 0.0)
    places = pose[:2] + np.cumsum(along, axis=0) * (ahead_s / (SAMPLES - 1))
    rooms = room(np.concatenate([pose[None, :2], places]), base.keep_in)
    return bool(rooms[1:].min() < min(base.radius, float(rooms[0])))


def limited(actions: ActionSpec, vx: float, wz: float) -> FloatArray:
    """Return the action, slowed down as a whole to the channels' limits: the path stays the same."""
    wanted = np.array([{"vx": vx, "wz": wz}[name] for name in actions.names])
    return np.clip(wanted / max(used_share(actions, wanted), 1.0), actions.low, actions.high)


def used_share(actions: ActionSpec, speeds: FloatArray) -> float:
    """Return the largest ratio of speeds (A,) to the channels' limits in their direction."""
    able = np.where(speeds < 0.0, -actions.low, actions.high)
    moves = able > 0.0  # a channel that cannot move that way is left to the clipping
    return float((np.abs(speeds[moves]) / able[moves]).max(initial=0.0))


def wrapped(angle: float) -> float:
    """Return an angle in [-pi, pi]."""
    return math.atan2(math.sin(angle), math.cos(angle))
