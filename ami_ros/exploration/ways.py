# SPDX-License-Identifier: Apache-2.0
"""How far commands and body went between two moments, in the same terms, so that both can be compared."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.exploration.steering import wrapped
from ami_ros.types import FloatArray, Observation


class Ways(Protocol):
    """Turns commands and observations into ways (n,), rad or m."""

    def commanded(self, before: FloatArray, now: FloatArray, elapsed_s: float) -> FloatArray:
        """Return the way (n,) from one command (C,) to the next."""

    def done(self, before: Observation, now: Observation) -> FloatArray:
        """Return the way (n,) of the body from one moment to the next."""


class JointWays:
    """Of an arm: joints (J,)."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec = spec

    def commanded(self, before: FloatArray, now: FloatArray, elapsed_s: float) -> FloatArray:
        """Return how far the commanded joints went."""
        return now - before

    def done(self, before: Observation, now: Observation) -> FloatArray:
        """Return how far the measured joints went."""
        return self._spec.joint_position(now) - self._spec.joint_position(before)


class DrivenWays:
    """Of a base: forward (m) and turned (rad)."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._base = spec, spec.base

    def commanded(self, before: FloatArray, now: FloatArray, elapsed_s: float) -> FloatArray:
        """Return how far the mean of two commanded velocities leads."""
        speeds = dict(zip(self._spec.actions.names, 0.5 * (before + now), strict=True))
        return np.array([speeds.get("vx", 0.0), speeds.get("wz", 0.0)]) * elapsed_s

    def done(self, before: Observation, now: Observation) -> FloatArray:
        """Return how far the measured pose went."""
        if self._base is None:
            return np.zeros(2)
        first, last = (self._base.pose(at[self._base.sensor].value) for at in (before, now))
        turned = wrapped(float(last[2] - first[2]))
        yaw = float(first[2]) + 0.5 * turned
        way = last[:2] - first[:2]
        return np.array([way[0] * math.cos(yaw) + way[1] * math.sin(yaw), turned])


def ways_of(spec: RobotSpec) -> Ways | None:
    """Return how ways are told of a robot; None of a plant, whose set points meet nothing."""
    if spec.arm is not None:
        return JointWays(spec)
    return None if spec.base is None else DrivenWays(spec)
