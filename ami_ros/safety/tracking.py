# SPDX-License-Identifier: Apache-2.0
"""Hold when the robot is not where it was told to be."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Reason, Verdict


class Tracking:
    """Compares the commanded with the measured position."""

    def __init__(self, settings: SafetySettings) -> None:
        self._limit = settings.tracking_error

    def judge(self, situation: Situation) -> Verdict:
        """HOLD when any joint is further than `tracking_error` from its command."""
        if situation.commanded is None or situation.measured is None:
            return PASS
        gap = np.abs(situation.commanded - situation.measured)
        if float(gap.max()) <= self._limit:
            return PASS
        numbers = {"joint_index": int(gap.argmax()), "error": float(gap.max()), "limit": self._limit}
        return Verdict(Level.HOLD, (Reason("TRACKING_ERROR", numbers),))
