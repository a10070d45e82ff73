# SPDX-License-Identifier: Apache-2.0
"""Hold when the robot is not where it was told to be, and stop when that lasts."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.checks.check import Check
from ami_ros.safety.events import Event, RearmAsked
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict


class Tracking(Check):
    """Compares the commanded with the measured position."""

    def __init__(self, settings: SafetySettings) -> None:
        self._limit = settings.tracking_error
        self._patience_ns = round(settings.tracking_patience_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget how long the error has lasted."""
        self._since_ns: int | None = None

    def see(self, event: Event, situation: Situation) -> None:
        """Take that somebody re-arms: commands will begin where the robot is."""
        if isinstance(event, RearmAsked):
            self.forget()

    def judge(self, situation: Situation) -> Verdict:
        """HOLD when a joint is further than `tracking_error` from its command; STOP after the patience."""
        if situation.commanded is None or situation.measured is None:
            return PASS
        gap = np.abs(situation.commanded - situation.measured)
        if float(gap.max()) <= self._limit:
            self._since_ns = None
            return PASS
        now = situation.now_ns
        self._since_ns = now if self._since_ns is None else min(self._since_ns, now)
        numbers: dict[str, float | int] = {"joint_index": int(gap.argmax()), "error": float(gap.max())}
        numbers |= {"limit": self._limit, "for_s": (now - self._since_ns) / 1e9}
        if now - self._since_ns > self._patience_ns:
            return ReasonCode.TRACKING_LOST.verdict(Level.STOP, **numbers)
        return ReasonCode.TRACKING_ERROR.verdict(Level.HOLD, **numbers)
