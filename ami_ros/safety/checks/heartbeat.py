# SPDX-License-Identifier: Apache-2.0
"""Hold when the planner gives no sign of life."""

from __future__ import annotations

from ami_ros.safety.checks.check import Check
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict


class Heartbeat(Check):
    """Counts the planner's reports or, from a planner that makes none, its proposals.

    Before the first of them there is no proposal to follow, which another check reports.
    """

    def __init__(self, settings: SafetySettings) -> None:
        self._limit_s = settings.planner_silence_s

    def judge(self, situation: Situation) -> Verdict:
        """HOLD when the last sign of life is more than `planner_silence_s` old."""
        heard = situation.planner_arrival_ns
        heard = situation.proposal_arrival_ns if heard is None else heard
        if heard is None:
            return PASS
        silence_s = (situation.now_ns - heard) / 1e9
        if silence_s <= self._limit_s:
            return PASS
        return ReasonCode.PLANNER_SILENT.verdict(Level.HOLD, silence_s=silence_s, limit_s=self._limit_s)
