# SPDX-License-Identifier: Apache-2.0
"""After a hold, follow only what was planned when its cause was gone."""

from __future__ import annotations

from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Trajectory, Verdict

# Data missing at the start is no disturbance: the first proposal may be followed.
NO_DISTURBANCE = {code.name for code in ReasonCode if code.name.startswith("PROPOSAL_")} | {
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
        self._overtaken: Trajectory | None = None  # what was being followed when the cause was last there

    def note(self, verdict: Verdict, situation: Situation) -> None:
        """Take the verdict of all other checks at this tick.

        Stamps alone do not suffice: a proposal stamped now, or a little later, was still planned before.
        """
        causes = {reason.code for reason in verdict.reasons}
        if verdict.level >= Level.HOLD and not causes <= NO_DISTURBANCE:
            self._disturbed_ns, self._overtaken = situation.now_ns, situation.proposal

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while the proposal was planned from an observation made before the cause was gone."""
        proposal, disturbed = situation.proposal, self._disturbed_ns
        if (
            proposal is None
            or disturbed is None
            or (proposal.stamp_ns >= disturbed and proposal is not self._overtaken)
        ):
            return PASS
        return ReasonCode.PROPOSAL_BEFORE_HOLD.verdict(
            Level.HOLD, stamp_ns=proposal.stamp_ns, disturbed_ns=disturbed
        )
