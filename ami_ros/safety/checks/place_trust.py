# SPDX-License-Identifier: Apache-2.0
"""Hold when readings of the body's position contradict each other: then the position is unknown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ami_ros.body.leap import excess
from ami_ros.safety.checks.check import Check
from ami_ros.safety.events import Event, JointsSeen, PoseSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Verdict


class Reasons(NamedTuple):
    """The reasons given for readings that contradict each other, and for the first ones."""

    contradict: ReasonCode
    unproven: ReasonCode


JOINTS = Reasons(ReasonCode.JOINTS_CONTRADICT, ReasonCode.JOINTS_UNPROVEN)
POSES = Reasons(ReasonCode.POSE_CONTRADICT, ReasonCode.POSE_UNPROVEN)


class PlaceTrust(Check):
    """Compares each joint state, or each pose of a base, with the one before it.

    Between two stamps nothing moves further than its velocity limit allows. Readings that violate this come
    from two sources, or from a broken one, and the newest is no better than the last. They are trusted again
    once they have agreed for `joint_settle_s`.

    Args:
        reads: the event to compare, JointsSeen or PoseSeen.
        settings: the thresholds.
        fastest: (n,) the largest velocity of each number in a reading, per second; None where it has none.
        proven: trust the very first reading. Else the first readings must agree for as long.
    """

    def __init__(
        self,
        reads: type[JointsSeen] | type[PoseSeen],
        settings: SafetySettings,
        fastest: FloatArray | None,
        proven: bool,
    ) -> None:
        self._reads, self._proven = reads, proven
        self._fastest: FloatArray | float = np.inf if fastest is None else fastest
        is_joints = reads is JointsSeen
        self._reasons = JOINTS if is_joints else POSES
        self._jump = settings.joint_jump if is_joints else settings.pose_jump
        self._settle_ns = round(settings.joint_settle_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget all readings, as after a reset. Not at a re-arm: they still show where the robot is."""
        self._position: FloatArray | None = None
        self._stamp_ns = 0
        self._first_ns: int | None = None
        self._contradicted_ns: int | None = None
        self._numbers: dict[str, float | int] = {}

    def see(self, event: Event, situation: Situation) -> None:
        """Compare a reading with the one before."""
        if not isinstance(event, self._reads):
            return
        position, stamp_ns, arrival_ns = event.position, event.stamp_ns, event.arrival_ns
        before, elapsed_s = self._position, max(0, stamp_ns - self._stamp_ns) / 1e9
        self._position, self._stamp_ns = position, stamp_ns
        if before is None:
            self._first_ns = arrival_ns
            return
        beyond = excess(before, position, elapsed_s, self._fastest, self._jump)
        if (beyond <= 0.0).all():
            return
        index, gap = int(beyond.argmax()), np.abs(position - before)
        self._contradicted_ns = arrival_ns
        self._numbers = {"joint_index": index, "gap": float(gap[index]), "within_s": elapsed_s}

    def judge(self, situation: Situation) -> Verdict:
        """HOLD until readings have agreed for `joint_settle_s`."""
        now, first, contradicted = situation.now_ns, self._first_ns, self._contradicted_ns
        if contradicted is not None and abs(now - contradicted) <= self._settle_ns:
            return self._reasons.contradict.verdict(Level.HOLD, **self._numbers)
        if not self._proven and first is not None and now - first < self._settle_ns:
            return self._reasons.unproven.verdict(Level.HOLD, for_s=(now - first) / 1e9)
        return PASS
