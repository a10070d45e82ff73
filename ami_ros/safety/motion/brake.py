# SPDX-License-Identifier: Apache-2.0
"""The fastest stop of every joint within its acceleration and jerk limits, in closed form: it never fails."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray

DONE_S = 1e-9  # an end this near is now: below it, rounding would leave a rest of speed


class Brake:
    """The path of a stop from `state`.

    Each joint ramps its deceleration up, holds it, and ramps it down; joints don't wait for each other.
    A stop from any point on the path is the rest of the path.

    Source: time-optimal third-order profile to zero velocity and acceleration, as in Berscheid and Kroeger,
    "Jerk-limited real-time trajectory generation with arbitrary target states" (2021), velocity interface.
    """

    def __init__(self, state: ChannelState, limits: MotionLimits) -> None:
        v, a, jerk = state.velocity, state.acceleration, limits.jerk
        # The speed reached by only ending the acceleration decides the sign of the braking.
        if np.isfinite(jerk[0]):
            coasting = v + a * np.abs(a) / (2.0 * jerk)
            sign = np.where(coasting < 0.0, -1.0, 1.0)
            v, a = sign * v, sign * a
            needed = np.sqrt(np.maximum(jerk * v + 0.5 * a * a, 0.0))
            peak = np.minimum(np.maximum(limits.acceleration, np.abs(a)), needed)
            self._ramp_up = np.maximum(a + peak, 0.0) / jerk
            self._ramp_down = peak / jerk
            rest = np.maximum(v + (0.5 * a * a - peak * peak) / jerk, 0.0)
            self._hold = np.divide(rest, peak, out=np.zeros_like(v), where=peak > 0.0)
            self._jerk = jerk
        else:
            coasting, sign = v, np.where(v < 0.0, -1.0, 1.0)
            v, a = sign * v, -np.where(np.isfinite(limits.acceleration), limits.acceleration, 0.0)
            self._ramp_up = self._ramp_down = self._jerk = np.zeros_like(v)
            self._hold = v / limits.acceleration
        self._p, self._v, self._a, self._sign = state.position, v, a, sign
        self._end = self._ramp_up + self._hold + self._ramp_down
        self.duration_s = float(self._end.max())
        self.peak_speed: FloatArray = np.maximum(np.abs(v), np.abs(coasting))

    def at(self, time_s: float | FloatArray) -> ChannelState:
        """Return the state after `time_s`: a number, (J,) one per joint, or (S, 1) for S instants."""
        jerk = self._jerk
        first = np.minimum(time_s, self._ramp_up)
        left = time_s - self._ramp_up
        second = np.minimum(np.maximum(left, 0.0), self._hold)
        third = np.minimum(np.maximum(left - self._hold, 0.0), self._ramp_down)
        a1 = self._a - jerk * first
        v1 = self._v + first * (self._a - 0.5 * jerk * first)
        v2 = v1 + a1 * second
        travel = first * (self._v + first * (0.5 * self._a - jerk * first / 6.0))
        travel = travel + second * (v1 + 0.5 * a1 * second)
        travel = travel + third * (v2 + third * (0.5 * a1 + jerk * third / 6.0))
        moving = (time_s < self._end - DONE_S) * self._sign
        velocity = moving * (v2 + third * (a1 + 0.5 * jerk * third))
        return ChannelState(self._p + self._sign * travel, velocity, moving * (a1 + jerk * third))

    def reach(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest position (J,) on the path."""
        end = self.at(self._end).position
        low, high = np.minimum(self._p, end), np.maximum(self._p, end)
        if (self._v < 0.0).any():  # a joint that still moves the other way turns around first
            root = np.sqrt(np.maximum(self._a**2 + 2.0 * self._jerk * self._v, 0.0))
            turn = np.where(self._v < 0.0, (self._a - root) / self._jerk, 0.0)
            turned = self.at(turn).position
            low, high = np.minimum(low, turned), np.maximum(high, turned)
        return low, high
