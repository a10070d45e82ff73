# SPDX-License-Identifier: Apache-2.0
"""Limit the wanted velocity; all channels slow alike, which keeps the direction."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Verdict

NUMERIC_CEILING = 1e6  # per second: where the robot has no velocity limit, so that nothing overflows


class VelocityLimit:
    """Scales the wanted velocity until no channel is too fast. A limit of zero lets nothing move."""

    def __init__(self, limits: MotionLimits) -> None:
        self._velocity = np.minimum(limits.velocity, NUMERIC_CEILING)

    def limit(self, state: ChannelState, wanted: FloatArray) -> tuple[FloatArray, Verdict]:
        """Return the largest share of `wanted` (C,) that is allowed."""
        if not self._velocity.all():
            still = np.zeros_like(wanted)
            moves = wanted.any()
            return still, ReasonCode.VELOCITY_LIMIT.verdict(Level.LIMITED, speed_scale=0.0) if moves else PASS
        worst = float((np.abs(wanted) / self._velocity).max())
        if worst <= 1.0:
            return wanted, PASS
        # Twice: a huge number divided once may still be one rounding above its limit.
        slowed = np.clip(wanted / worst, -self._velocity, self._velocity)
        return slowed, ReasonCode.VELOCITY_LIMIT.verdict(Level.LIMITED, ratio=worst)
