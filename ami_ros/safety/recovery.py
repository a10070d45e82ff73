# SPDX-License-Identifier: Apache-2.0
"""After a hold, follow only what was planned when its cause was gone."""

from __future__ import annotations

from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Trajectory, Verdict

FAULTS_OF_A_PROPOSAL = {code.name for code in ReasonCode if code.name.startswith("PROPOSAL_")}
# Data missing at the start is no disturbance: the first proposal may be followed.
NO_DISTURBANCE = FAULTS_OF_A_PROPOSAL | {
    ReasonCode.JOINTS_MISSING.name,
    ReasonCode.CAMERA_MISSING.name,
    ReasonCode.SENSOR_MISSING.name,
    ReasonCode.PLANNER_SILENT.name,
}


class Recovery:
    """Remembers until when a hold had a cause other than the lack of a proposal."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget the last hold."""
        self._disturbed_ns: int | None = None
        self._dropped: Trajectory | None = None  # the proposal of the last hold: never followed again

    def note(self, verdict: Verdict, situation: Situation) -> None:
        """Take the verdict of all other checks at this tick.

        Stamps alone do not suffice: a proposal stamped now, or a little later, was still planned before. Nor
        does a fault that has passed: a clock set back makes a proposal one of the future for a few ticks.
        """
        if verdict.level < Level.HOLD:
            return
        causes = {reason.code for reason in verdict.reasons}
        if not causes <= NO_DISTURBANCE:
            self._disturbed_ns = situation.now_ns
        if causes & FAULTS_OF_A_PROPOSAL or not causes <= NO_DISTURBANCE:
            self._dropped = situation.proposal

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while the proposal was planned from an observation made before the cause was gone."""
        proposal = situation.proposal
        if proposal is None:
            return PASS
        disturbed = proposal.stamp_ns if self._disturbed_ns is None else self._disturbed_ns
        if proposal.stamp_ns >= disturbed and proposal is not self._dropped:
            return PASS
        return ReasonCode.PROPOSAL_BEFORE_HOLD.verdict(
            Level.HOLD, stamp_ns=proposal.stamp_ns, disturbed_ns=disturbed
        )
