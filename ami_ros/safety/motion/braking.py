# SPDX-License-Identifier: Apache-2.0
"""The invariant of the gate: after every step the robot can still stop inside every limit and zone."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.limits import Motion, MotionLimits
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9
SAMPLE_S = 0.04  # between postures looked at on the way to the stop: at 1 m/s they are 4 cm apart
MOST_SAMPLES = 8


class Braking:
    """Judges a step by the full stop that would follow it.

    Where the robot is already outside a limit or zone, a step is allowed if nothing gets worse. Braking
    itself needs no permission: the stop from the state before was judged when that state was allowed.
    """

    def __init__(self, limits: MotionLimits, zones: Zones) -> None:
        self._limits, self._zones = limits, zones

    def problem(self, before: Motion, after: Motion) -> Reason | None:
        """Return why the robot must not go from `before` to `after`; None if it may."""
        stop = Brake(after, self._limits)
        if not (stop.peak_speed <= self._limits.velocity + ROUNDING).all():
            fastest = np.maximum(self._limits.velocity, Brake(before, self._limits).peak_speed)
            if not (stop.peak_speed <= fastest * (1.0 + ROUNDING) + ROUNDING).all():
                return ReasonCode.BRAKING_DISTANCE.reason(
                    joint_index=int((stop.peak_speed - fastest).argmax())
                )
        low, high = stop.reach()
        beyond = np.maximum(
            np.minimum(self._limits.lower, before.position) - low,
            high - np.maximum(self._limits.upper, before.position),
        )
        if not (beyond <= ROUNDING).all():
            joint = int(beyond.argmax())
            return ReasonCode.BRAKING_DISTANCE.reason(joint_index=joint, beyond=float(beyond[joint]))
        return None if self._zones.far_from(low, high) else self._zone(before, stop, low, high)

    def _zone(self, before: Motion, stop: Brake, low: FloatArray, high: FloatArray) -> Reason | None:
        here = np.maximum(self._zones.look(before.position), 0.0) + ROUNDING
        if self._zones.far_from(low, high):
            return None
        count = min(1 + math.ceil(stop.duration_s / SAMPLE_S), MOST_SAMPLES)
        times = np.linspace(0.0, stop.duration_s, count) if count > 1 else np.zeros(1)
        excess = self._zones.excess(stop.at(times[:, None]).position)
        over = excess - here
        if (over <= 0.0).all():  # NaN is not
            return None
        worst = int(over.max(axis=0).argmax())
        code, numbers = self._zones.describe(worst)
        return code.reason(beyond_m=float(excess[:, worst].max()), **numbers)
