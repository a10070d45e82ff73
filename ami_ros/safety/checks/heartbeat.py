# SPDX-License-Identifier: Apache-2.0
"""Hold when the planner gives no sign of life."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, Level, Verdict


@dataclass(frozen=True)
class Settings:
    """How long a planner may be silent."""

    planner_silence_s: float = setting(
        "longest time without a message from the planner", gt=0.0, le=10.0, unit="s"
    )

    def paced(self, late_s: float) -> Settings:
        """Return these where a message that takes `late_s` is not late."""
        return replace(self, planner_silence_s=max(self.planner_silence_s, late_s))


class Heartbeat(Check):
    """Counts the planner's reports or, from a planner that makes none, its proposals.

    Before the first of them there is no proposal to follow, which another check reports.
    """

    def __init__(self, settings: Settings) -> None:
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


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return the check, of any body."""
    return [Heartbeat(settings)]
