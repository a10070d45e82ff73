# SPDX-License-Identifier: Apache-2.0
"""How fast a channel may go toward a value that it must not pass: it slows down instead of braking hard."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.wanted_limit import NOTICEABLE
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Verdict

SHARE = (
    0.8  # of the acceleration limit: what is left over lets a joint follow the bound without falling behind
)


class Approach:
    """Bounds on the wanted velocity near position limits. `BrakingDistance` stands behind it."""

    def __init__(self, limits: MotionLimits, dt_s: float) -> None:
        self._limits, self._dt_s = limits, dt_s
        self._bounded = bool(np.isfinite(limits.lower).any() or np.isfinite(limits.upper).any())
        self._braking = SHARE * limits.acceleration
        ramp_s = np.zeros_like(limits.velocity)
        if np.isfinite(limits.acceleration[0]) and np.isfinite(limits.jerk[0]):
            ramp_s = limits.acceleration / limits.jerk
        self._delay_s = 2.0 * dt_s + ramp_s

    def limit(self, state: ChannelState, wanted: FloatArray) -> tuple[FloatArray, Verdict]:
        """Return `wanted` (C,) with only those channels slowed that near their position limit."""
        if not self._bounded:
            return wanted, PASS
        low = -self.stoppable(state.position - self._limits.lower)
        high = self.stoppable(self._limits.upper - state.position)
        bent = np.minimum(np.maximum(wanted, low), high)
        gap = np.abs(bent - wanted)
        if gap.max() <= NOTICEABLE:
            return bent, PASS
        return bent, ReasonCode.POSITION_LIMIT.verdict(Level.LIMITED, joint_index=int(gap.argmax()))

    def stoppable(self, distance: FloatArray) -> FloatArray:
        """Return the largest speed that a stop after the delay ends within `distance`.

        Source: v t + v^2 / (2 a) = d solved for v (uniform deceleration after a delay t).
        """
        room, delay, a = np.maximum(distance, 0.0), self._delay_s, self._braking
        if not np.isfinite(a[0]):
            return room / self._dt_s
        with np.errstate(invalid="ignore"):
            speed = a * (np.sqrt(delay * delay + 2.0 * room / a) - delay)
        return np.where(np.isinf(room), np.inf, speed)
