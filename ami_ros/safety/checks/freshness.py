# SPDX-License-Identifier: Apache-2.0
"""Hold when joints, camera or proposal are missing, old, or from the future."""

from __future__ import annotations

from typing import NamedTuple

from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict


class AgeCodes(NamedTuple):
    """What is said of something that has an age."""

    missing: ReasonCode
    stale: ReasonCode
    future: ReasonCode


JOINTS = AgeCodes(ReasonCode.JOINTS_MISSING, ReasonCode.JOINTS_STALE, ReasonCode.JOINTS_FUTURE)
CAMERA = AgeCodes(ReasonCode.CAMERA_MISSING, ReasonCode.CAMERA_STALE, ReasonCode.CAMERA_FUTURE)
PROPOSAL = AgeCodes(ReasonCode.PROPOSAL_MISSING, ReasonCode.PROPOSAL_STALE, ReasonCode.PROPOSAL_FUTURE)


class Freshness:
    """Judges age by arrival *and* by stamp: either alone can lie."""

    def __init__(self, settings: SafetySettings) -> None:
        self._settings = settings

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for any of joints, camera, proposal that is missing, stale or in the future."""
        now = situation.now_ns
        proposal_stamp = None if situation.proposal is None else situation.proposal.stamp_ns
        s = self._settings
        return (
            self.joints(situation)
            | self._age(CAMERA, now, situation.camera_stamp_ns, situation.camera_arrival_ns, s.camera_age_s)
            | self._age(PROPOSAL, now, proposal_stamp, proposal_stamp, s.proposal_age_s)
        )

    def joints(self, situation: Situation) -> Verdict:
        """HOLD when the joint state alone is missing, stale or in the future."""
        stamp, arrival = situation.joint_stamp_ns, situation.joint_arrival_ns
        return self._age(JOINTS, situation.now_ns, stamp, arrival, self._settings.joint_age_s)

    def _age(
        self, codes: AgeCodes, now_ns: int, stamp_ns: int | None, arrival_ns: int | None, limit_s: float
    ) -> Verdict:
        if stamp_ns is None or arrival_ns is None:
            return codes.missing.verdict(Level.HOLD)
        ages_s = {"stamp_age_s": (now_ns - stamp_ns) / 1e9, "arrival_age_s": (now_ns - arrival_ns) / 1e9}
        if max(ages_s.values()) > limit_s:
            return codes.stale.verdict(Level.HOLD, **ages_s, limit_s=limit_s)
        if min(ages_s.values()) < -self._settings.future_tolerance_s:
            tolerance_s = self._settings.future_tolerance_s
            return codes.future.verdict(Level.HOLD, **ages_s, tolerance_s=tolerance_s)
        return PASS
