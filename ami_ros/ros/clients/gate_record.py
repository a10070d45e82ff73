# SPDX-License-Identifier: Apache-2.0
"""From the gate's verdicts in one episode to counts: with which planning steps did it interfere?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ami_ros.report.gate_statistics import GateCounts
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.types import Level


class GateRecord:
    """Collects verdicts. Holds before the gate first let the robot move are no interference."""

    def __init__(self) -> None:
        self._states: list[Judgement] = []
        self._all: list[Judgement] = []  # on the state, those before it moved as well
        self._rejected: list[Judgement] = []
        self._moves = False

    def see(self, judgement: Judgement) -> None:
        """Take one verdict, on a proposal or on the state as a whole."""
        held = judgement.verdict.level >= Level.HOLD
        state = judgement.proposal_stamp_ns is None
        if state:
            self._all.append(judgement)
        self._moves = self._moves or (state and not held)
        if self._moves and state:
            self._states.append(judgement)
        elif self._moves and held:
            self._rejected.append(judgement)

    def changes(self, begin_ns: int, end_ns: int) -> list[tuple[float, str]]:
        """Return second after `begin_ns`, and level, of each change of the gate's verdict until `end_ns`."""
        found: list[tuple[float, str]] = []
        for judgement in self._all:
            level, at_s = judgement.verdict.level.name, (judgement.stamp_ns - begin_ns) / 1e9
            if begin_ns <= judgement.stamp_ns <= end_ns and not (found and found[-1][1] == level):
                found.append((at_s, level))
        return found

    def counts(self, stamps_ns: Sequence[int]) -> GateCounts:
        """Return the counts over the steps between `stamps_ns` (S + 1,), ascending."""
        spans = list(itertools.pairwise(stamps_ns))
        end = stamps_ns[-1] if stamps_ns else 0
        alarms = [j for j in self._states if j.verdict.level >= Level.HOLD and j.stamp_ns <= end]
        rejected = [j for j in self._rejected if (j.proposal_stamp_ns or 0) < end]
        entered, before = {Level.HOLD: 0, Level.STOP: 0}, Level.PASS
        for judgement in (j for j in self._states if j.stamp_ns <= end):
            level = judgement.verdict.level
            if level >= Level.HOLD and level != before:
                entered[level] += 1
            before = level
        reasons: dict[str, int] = {}
        for judgement in [*alarms, *rejected]:
            for reason in judgement.verdict.reasons:
                reasons[reason.code] = reasons.get(reason.code, 0) + 1
        clean = sum(self._is_clean(begin, over) for begin, over in spans) if self._moves else 0
        return GateCounts(len(spans), clean, entered[Level.HOLD], entered[Level.STOP], reasons)

    def _is_clean(self, begin_ns: int, over_ns: int) -> bool:
        before = [j.verdict.level for j in self._states if j.stamp_ns <= begin_ns][-1:]
        within = [j.verdict.level for j in self._states if begin_ns < j.stamp_ns <= over_ns]
        rejected = any(begin_ns <= (j.proposal_stamp_ns or 0) < over_ns for j in self._rejected)
        return not rejected and all(level < Level.HOLD for level in [*before, *within])
