# SPDX-License-Identifier: Apache-2.0
"""Hold when readings of the body's position contradict each other: then the position is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ami_ros.body.leap import excess
from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, JointsSeen, PoseSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, FloatArray, Level, Verdict


@dataclass(frozen=True)
class Settings:
    """When joint states contradict each other, and for how long readings have to agree again."""

    joint_jump: float = setting(
        "motion between two joint states beyond what a joint's velocity limit explains",
        gt=0.0,
        le=3.2,
        unit="rad|m",
    )
    joint_settle_s: float = setting(
        "after a contradiction, joint states or poses count again once consistent for this long",
        gt=0.0,
        le=10.0,
        unit="s",
    )


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
        jump: how much further than at `fastest` a reading may be from the one before.
        settle_s: how long readings have to agree before they are trusted again.
        fastest: (n,) the largest velocity of each number in a reading, per second; None where it has none.
        proven: trust the very first reading. Else the first readings must agree for as long.
    """

    def __init__(
        self,
        reads: type[JointsSeen] | type[PoseSeen],
        jump: float,
        settle_s: float,
        fastest: FloatArray | None,
        proven: bool,
    ) -> None:
        self._reads, self._proven = reads, proven
        self._fastest: FloatArray | float = np.inf if fastest is None else fastest
        self._reasons = JOINTS if reads is JointsSeen else POSES
        self._jump, self._settle_ns = jump, round(settle_s * 1e9)
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

    def place(self, situation: Situation) -> Verdict:
        """Return why the position is unknown: the same."""
        return self.judge(situation)


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return the check of a body whose position is measured."""
    body, settle_s, proven = context.body, settings.joint_settle_s, context.proven
    if body.is_measured:
        return [PlaceTrust(JointsSeen, settings.joint_jump, settle_s, body.limits.velocity, proven)]
    if body.place_sensor is None:
        return []
    return [PlaceTrust(PoseSeen, context.shared.pose_jump, settle_s, context.whereabouts.fastest, proven)]
