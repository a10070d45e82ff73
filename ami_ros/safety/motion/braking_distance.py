# SPDX-License-Identifier: Apache-2.0
"""Refuse a step after which the robot could not stop before a position limit, or would become too fast."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import ROUNDING, Step
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import Reason


class BrakingDistance:
    """Judges a step by how far and how fast the full stop after it gets."""

    def __init__(self, limits: MotionLimits) -> None:
        self._limits = limits

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return BRAKING_DISTANCE with the channel that could not stop in time; None if all can."""
        limits, before, peak_speed = self._limits, step.before, step.stop.peak_speed
        if not (peak_speed <= limits.velocity + ROUNDING).all():
            fastest = np.maximum(limits.velocity, Brake(before, limits).peak_speed)
            if not (peak_speed <= fastest * (1.0 + ROUNDING) + ROUNDING).all():
                return ReasonCode.BRAKING_DISTANCE.reason(joint_index=int((peak_speed - fastest).argmax()))
        found = step.furthest_out(limits.lower, limits.upper)
        if found is None:
            return None
        return ReasonCode.BRAKING_DISTANCE.reason(joint_index=found[0], beyond=found[1])
