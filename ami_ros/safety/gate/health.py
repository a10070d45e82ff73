# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the gate itself, as one more safety check."""

from __future__ import annotations

from collections.abc import Callable

from ami_ros.safety.check import Check
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict


class GateHealth(Check):
    """Complaints about clock, ticks and process, in force from `complain` to `settle`; a reset ends none."""

    def __init__(self) -> None:
        self._complaints: dict[ReasonCode, Verdict] = {}

    def complain(self, level: Level, code: ReasonCode, **numbers: float | int | str) -> None:
        """Put a complaint in force; one with the same code is replaced."""
        self._complaints[code] = code.verdict(level, **numbers)

    def settle(self, code: ReasonCode) -> None:
        """End a complaint, if it is in force."""
        self._complaints.pop(code, None)

    def complains(self, code: ReasonCode) -> bool:
        """Whether the complaint is in force."""
        return code in self._complaints

    def judge(self, situation: Situation) -> Verdict:
        """Return all complaints that hold or stop the robot; the worst wins."""
        return self._all(lambda level: level >= Level.HOLD)

    def warnings(self) -> Verdict:
        """Return the others: worth reporting, but no reason to disturb the robot."""
        return self._all(lambda level: level < Level.HOLD)

    def _all(self, wanted: Callable[[Level], bool]) -> Verdict:
        verdict = PASS
        for complaint in self._complaints.values():
            verdict |= complaint if wanted(complaint.level) else PASS
        return verdict
