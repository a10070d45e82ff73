# SPDX-License-Identifier: Apache-2.0
"""Position, velocity and acceleration limits, as a bound on the next commanded velocity."""

from __future__ import annotations

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict


class JointLimiter:
    """Turns a wanted velocity into the nearest allowed one.

    One common scale keeps the direction of motion; only braking in front of a position limit may bend it.
    Staying inside is an invariant: a velocity is allowed only if full braking from it still stops in time.
    """

    def __init__(self, spec: RobotSpec, speed_scale: float, dt_s: float) -> None:
        limits, count = spec.limits, len(spec.joint_names)
        unlimited = np.full(count, np.inf)
        self._velocity = unlimited if limits.velocity is None else limits.velocity * speed_scale
        self._acceleration = unlimited if limits.acceleration is None else limits.acceleration
        self._lower = -unlimited if limits.lower is None else limits.lower
        self._upper = unlimited if limits.upper is None else limits.upper
        self._dt_s = dt_s

    def limit(
        self, position: FloatArray, velocity: FloatArray, wanted: FloatArray
    ) -> tuple[FloatArray, Verdict]:
        """Return the allowed velocity (J,) for the next tick and a verdict naming every limit that bit.

        Args:
            position: (J,) commanded now, rad or m.
            velocity: (J,) commanded now, rad/s or m/s.
            wanted: (J,) wished for the next tick; a NaN or Inf counts as standing still.
        """
        verdict = PASS
        if not np.isfinite(wanted).all():
            wanted = np.zeros_like(velocity)
            verdict |= Verdict(Level.HOLD, (Reason("VELOCITY_NOT_FINITE"),))
        worst = float(np.max(np.abs(wanted) / self._velocity))
        if worst > 1.0:
            wanted = wanted / worst
            verdict |= Verdict(Level.LIMITED, (Reason("VELOCITY_LIMIT", {"ratio": worst}),))
        change, largest = wanted - velocity, self._acceleration * self._dt_s
        worst = float(np.max(np.abs(change) / largest))
        if worst > 1.0:
            wanted = velocity + change / worst
            verdict |= Verdict(Level.LIMITED, (Reason("ACCELERATION_LIMIT", {"ratio": worst}),))
        low = np.maximum(-self._stoppable(position - self._lower), velocity - largest)
        high = np.minimum(self._stoppable(self._upper - position), velocity + largest)
        allowed = np.clip(wanted, np.minimum(low, high), np.maximum(low, high))
        gap = np.abs(allowed - wanted)
        if float(gap.max()) > 1e-9:
            verdict |= Verdict(Level.LIMITED, (Reason("POSITION_LIMIT", {"joint_index": int(gap.argmax())}),))
        return allowed, verdict

    def _stoppable(self, distance: FloatArray) -> FloatArray:
        """Return the largest speed from which full braking, after one more tick, stops within `distance`.

        Source: v dt + v^2 / (2 a) = d solved for v (uniform deceleration).
        """
        dt, room = self._dt_s, np.maximum(distance, 0.0)
        with np.errstate(invalid="ignore"):
            braking = self._acceleration * (np.sqrt(dt**2 + 2.0 * room / self._acceleration) - dt)
        return np.where(np.isinf(self._acceleration), room / dt, np.where(np.isinf(room), np.inf, braking))
