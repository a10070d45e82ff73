# SPDX-License-Identifier: Apache-2.0
"""The limits in force on every channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import FloatArray

# Per second^2 and per second^3, more than any channel needs: for one without limit next to limited ones.
MORE_THAN_ENOUGH = {"acceleration": 1e6, "jerk": 1e9}


@dataclass(frozen=True, eq=False)
class MotionLimits:
    """Limits per channel (C,) as they are in force; infinite where the robot has none.

    Accelerations are all infinite or all finite, and so are jerks: the laws of motion need one or the other.

    Attributes:
        lower: rad or m.
        upper: rad or m.
        velocity: rad/s or m/s, the speed scale included; zero lets nothing move. Where the values are speeds
            themselves, the scale is in lower and upper instead.
        acceleration: rad/s^2 or m/s^2, positive.
        jerk: rad/s^3 or m/s^3, positive.
    """

    lower: FloatArray
    upper: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    jerk: FloatArray

    @classmethod
    def of(cls, body: GateBody, restrictions: Restrictions, speed_scale: float) -> MotionLimits:
        """Return the robot's limits, tightened; `speed_scale` serves where the restrictions name none."""
        endless = np.full(len(body.channels), np.inf)

        def tightest(name: str, otherwise: FloatArray) -> FloatArray:
            given, own = getattr(restrictions, name), getattr(body.limits, name)
            limit: FloatArray = given if given is not None else (own if own is not None else otherwise)
            return limit

        scale = speed_scale if restrictions.speed_scale is None else restrictions.speed_scale
        velocity = tightest("velocity", endless)
        lower, upper = tightest("lower", -endless), tightest("upper", endless)
        if body.rest is not None:
            # 0 of an infinite range is 0, and not NaN.
            lower, upper = (
                body.rest + (scale * (limit - body.rest) if scale > 0.0 else 0.0) for limit in (lower, upper)
            )
            scale = 1.0
        return cls(
            lower=lower,
            upper=upper,
            velocity=velocity * scale if scale > 0.0 else np.zeros_like(velocity),
            acceleration=_all_or_none("acceleration", tightest("acceleration", endless)),
            jerk=_all_or_none("jerk", tightest("jerk", endless)),
        )

    def like(self, other: MotionLimits) -> MotionLimits:
        """Return these limits with the acceleration and jerk of others: the law by which a channel moves."""
        return replace(self, acceleration=other.acceleration, jerk=other.jerk)

    def moves_like(self, other: MotionLimits) -> bool:
        """Return whether acceleration and jerk equal those of others."""
        pairs = ((self.acceleration, other.acceleration), (self.jerk, other.jerk))
        return all(np.array_equal(one, another) for one, another in pairs)


def _all_or_none(name: str, limits: FloatArray) -> FloatArray:
    limited = np.isfinite(limits)
    return np.where(limited, limits, MORE_THAN_ENOUGH[name]) if limited.any() else limits
