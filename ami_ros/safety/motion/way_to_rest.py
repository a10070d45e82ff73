# SPDX-License-Identifier: Apache-2.0
"""How channels whose values are velocities come to rest: a braking base keeps moving for a while."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ami_ros.safety.motion.approach import SHARE, Approach
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray

LONGEST_S = 10.0  # horizon of the look ahead
MOST_STEPS = 100  # of it: a long way is sampled in longer steps, so that no limit costs a tick's time
# Of the way at full speed during the longest ramp of an acceleration. `values` only approximates ramps:
# of 1320 holds under four sets of limits the worst left the predicted way by 0.92 of that.
UNFORESEEN = 1.5
SLOW = 1e-3  # m/s or rad/s: as good as at rest


class WayToRest:
    """The law by which a hold brings channels to rest.

    Args:
        limits: in force.
        rest: (C,) the values that stand for standing still.
        dt_s: one tick.

    Attributes:
        unforeseen: (C,) how far a hold may deviate from `values`, integrated: of a velocity m or rad.
    """

    def __init__(self, limits: MotionLimits, rest: FloatArray, dt_s: float) -> None:
        self._rest, self._dt_s = rest, dt_s
        self._lower, self._upper = limits.lower, limits.upper
        self._approach = Approach(limits, dt_s)
        self._rate, self._bend = limits.velocity.tolist(), limits.acceleration.tolist()
        with np.errstate(invalid="ignore"):
            ramp_s = np.nan_to_num(limits.acceleration / limits.jerk, nan=0.0, posinf=0.0)
        self._braking = (SHARE * limits.acceleration).tolist()
        self._delay = np.broadcast_to(2.0 * dt_s + ramp_s, limits.velocity.shape).tolist()
        fastest = np.maximum(np.abs(limits.lower - rest), np.abs(limits.upper - rest))
        self.unforeseen = UNFORESEEN * ramp_s.max() * fastest if ramp_s.any() else np.zeros_like(fastest)
        self._coast_s = 2.0 * float(ramp_s.max())  # until an opposite acceleration has reversed

    def wanted(self, state: ChannelState) -> FloatArray:
        """Return the rate (C,) per second that a hold requires.

        It slows down in time: beyond rest a base would drive the other way.
        """
        way = self._rest - state.position
        return np.sign(way) * self._approach.stoppable(np.abs(way))

    def slowed(
        self, goal: FloatArray, feedforward: FloatArray, share: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return the values (C,), and how they change (C,), for a share of the requested speed.

        Values stay inside the limits, and beyond them they do not change.
        """
        values = self._rest + share * (goal - self._rest)
        inside = np.clip(values, self._lower, self._upper)
        return inside, np.where(
            values == inside, share * feedforward, np.where(np.isnan(values), np.nan, 0.0)
        )

    def step_s(self, state: ChannelState) -> float:
        """Return the sampling step of the way from a state: a tick, or several."""
        ticks = min(self._reach(state)[1], LONGEST_S) / self._dt_s
        return self._dt_s * max(1, math.ceil(ticks / MOST_STEPS))

    def values(self, state: ChannelState, dt_s: float | None = None) -> Iterator[list[float]]:
        """Yield the values [C], less those at rest, after each step until they rest, under `wanted`.

        Channels share their shortest ramp: as under the jerk limit, the change keeps its direction.

        Args:
            state: commanded now.
            dt_s: the step; None for one tick.
        """
        dt_s, left = dt_s or self._dt_s, (state.position - self._rest).tolist()
        rate, coast = state.velocity.tolist(), math.ceil(self._coast_s / dt_s)
        for tick in range(round(LONGEST_S / dt_s)):
            if tick >= coast:
                laws = zip(left, self._braking, self._delay, strict=True)
                wanted = [self._pull(*law, dt_s) for law in laws]
                worst = max(1.0, *(_share(abs(w), r) for w, r in zip(wanted, self._rate, strict=True)))
                change = [w / worst - r for w, r in zip(wanted, rate, strict=True)]
                ramp = max(_share(abs(c), b * dt_s) for c, b in zip(change, self._bend, strict=True))
                change = [c / max(1.0, ramp) for c in change]
                # The change is even over its share of the tick: on average it is half a share late.
                late_s = 0.5 * min(1.0, ramp) * dt_s
                rate = [r + c for r, c in zip(rate, change, strict=True)]
                left = [value - c * late_s for value, c in zip(left, change, strict=True)]
            left = [value + r * dt_s for value, r in zip(left, rate, strict=True)]
            yield left
            if tick >= coast and all(abs(value) < SLOW for value in left):
                return

    def _pull(self, value: float, braking: float, delay_s: float, dt_s: float) -> float:
        """Return `wanted` for one channel; twenty times as fast."""
        if math.isinf(braking):
            return -value / dt_s
        return -math.copysign(braking * (math.sqrt(delay_s**2 + 2.0 * abs(value) / braking) - delay_s), value)

    def reach(self, state: ChannelState) -> list[float]:
        """Return a bound on the integral of each channel until it rests [C]: of a velocity the way, m.

        It costs a tenth of `values`.
        """
        return self._reach(state)[0]

    def _reach(self, state: ChannelState) -> tuple[list[float], float]:
        """Return `reach`, and a bound on the time until it rests, s."""
        left, rate = np.abs(state.position - self._rest).tolist(), np.abs(state.velocity).tolist()
        ramp_s = max(_share(r + own, b) for own, r, b in zip(rate, self._rate, self._bend, strict=True))
        ramp_s += self._coast_s
        peak = [value + own * ramp_s for value, own in zip(left, rate, strict=True)]
        brake_s = max(_share(value, r) for value, r in zip(peak, self._rate, strict=True))
        # The last part slows down: v' = sqrt(2 b v) takes sqrt(2 v / b), and the delay some times more.
        last_s = max(math.sqrt(2.0 * _share(v, b)) for v, b in zip(peak, self._braking, strict=True))
        late_s = 5.0 * max(self._delay)
        over_s = ramp_s + brake_s + last_s + late_s
        return [value * over_s for value in peak], over_s


def _share(value: float, limit: float) -> float:
    """Return value / limit; 0 where nothing limits the value, and infinite where it may not change."""
    if math.isinf(limit):
        return 0.0
    return value / limit if limit > 0.0 else (math.inf if value > 0.0 else 0.0)
