# SPDX-License-Identifier: Apache-2.0
"""From a wanted velocity to the next commanded state: the nearest one that every limit allows."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.approach import Approach
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.braking import Braking
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import Motion, MotionLimits
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Verdict

HALVINGS = 3  # of the wanted velocity, in search of the largest share that is allowed: to an eighth
NUMERIC_CEILING = 1e6  # rad/s or m/s: where the robot has no velocity limit, so that nothing overflows
NOTICEABLE = 1e-6  # rad/s or m/s: less is rounding, not a limit


class Stepping:
    """Moves the commanded state on by one tick, or brakes.

    Args:
        limits: in force.
        zones: in force.
        dt_s: one tick.
    """

    def __init__(self, limits: MotionLimits, zones: Zones, dt_s: float) -> None:
        self._limits, self._dt_s = limits, dt_s
        self._velocity = np.minimum(limits.velocity, NUMERIC_CEILING)
        self._approach = Approach(limits, dt_s)
        self._jerk_limit = JerkLimit(limits, dt_s)
        self._braking = Braking(limits, zones)

    def brake(self, motion: Motion) -> Motion:
        """Return the state one tick further on the fastest stop."""
        if not motion.velocity.any() and not motion.acceleration.any():
            return motion
        return Brake(motion, self._limits).at(self._dt_s)

    def toward(self, motion: Motion, wanted: FloatArray) -> tuple[Motion, Verdict]:
        """Return the state one tick later and a verdict naming every limit that bit.

        Args:
            motion: commanded now.
            wanted: (J,) velocity, rad/s or m/s; one that is not finite brakes.
        """
        if not np.isfinite(wanted).all():
            return self.brake(motion), ReasonCode.VELOCITY_NOT_FINITE.verdict(Level.HOLD)
        wanted, verdict = self._slowed(wanted)
        bent = self._approach.bend(motion.position, wanted)
        gap = np.abs(bent - wanted)
        if gap.max() > NOTICEABLE:
            verdict |= _limited(ReasonCode.POSITION_LIMIT, joint_index=int(gap.argmax()))
        after = self._jerk_limit.toward(motion, bent)
        if after is None:
            return self.brake(motion), verdict | _limited(ReasonCode.FOLLOWING_FAILED)
        problem = self._braking.problem(motion, after)
        if problem is not None:
            after = self._largest_allowed(motion, bent)
            return after, verdict | Verdict(Level.LIMITED, (problem,))
        return after, verdict | self._ramped(motion, after, bent)

    def _slowed(self, wanted: FloatArray) -> tuple[FloatArray, Verdict]:
        """Scale all joints alike until none is too fast."""
        if not self._velocity.all():
            still = np.zeros_like(wanted)
            return still, (_limited(ReasonCode.VELOCITY_LIMIT, speed_scale=0.0) if wanted.any() else PASS)
        worst = float((np.abs(wanted) / self._velocity).max())
        if worst <= 1.0:
            return wanted, PASS
        # Twice: a huge number divided once may still be one rounding above its limit.
        slowed = np.clip(wanted / worst, -self._velocity, self._velocity)
        return slowed, _limited(ReasonCode.VELOCITY_LIMIT, ratio=worst)

    def _ramped(self, before: Motion, after: Motion, wanted: FloatArray) -> Verdict:
        missing = float(np.abs(after.velocity - wanted).max())
        if missing <= NOTICEABLE:
            return PASS
        worst = float((np.abs(wanted - before.velocity) / (self._limits.acceleration * self._dt_s)).max())
        if worst > 1.0:
            return _limited(ReasonCode.ACCELERATION_LIMIT, ratio=worst)
        return _limited(ReasonCode.JERK_LIMIT, missing_velocity=missing)

    def _largest_allowed(self, motion: Motion, wanted: FloatArray) -> Motion:
        """Return the step toward the largest share of `wanted` that is allowed, else the braking step."""
        best, low, high = self.brake(motion), 0.0, 1.0
        for _ in range(HALVINGS):
            share = 0.5 * (low + high)
            after = self._jerk_limit.toward(motion, share * wanted)
            if after is not None and self._braking.problem(motion, after) is None:
                best, low = after, share
            else:
                high = share
        return best


def _limited(code: ReasonCode, **numbers: float | int) -> Verdict:
    return code.verdict(Level.LIMITED, **numbers)
