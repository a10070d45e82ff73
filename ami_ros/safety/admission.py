# SPDX-License-Identifier: Apache-2.0
"""Which proposals the gate accepts at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.types import PASS, FloatArray, Level, Trajectory, Verdict


def _reject(code: ReasonCode, **numbers: float | int | str) -> Verdict:
    return code.verdict(Level.HOLD, **numbers)


class Admission:
    """Judges a proposal by names, shape, finiteness, time and where it starts.

    A stamp at or before the last accepted one, the last re-arm or the last reset is rejected, so a late or
    repeated message can never move the robot. Where a body measures nothing, the start of a proposal cannot
    be checked: only the limits on the way apply.
    """

    def __init__(self, body: GateBody | BodyGroups, settings: SafetySettings) -> None:
        self._body = BodyGroups.of(body)
        self._names = self._body.channels
        self._settings = settings
        self._newest_ns: int | None = None

    def forget_before(self, now_ns: int | None) -> None:
        """Reject everything stamped at or before `now_ns` (None forgets all, after a clock reset)."""
        # An accepted stamp may lie a little in the future: it must not become acceptable a second time.
        later = now_ns is not None and self._newest_ns is not None and self._newest_ns > now_ns
        self._newest_ns = self._newest_ns if later else now_ns

    def judge(self, proposal: Trajectory, measured: Sequence[FloatArray | None], now_ns: int) -> Verdict:
        """Return PASS and remember the stamp, or HOLD with the reason for the rejection.

        Args:
            proposal: for all channels.
            measured: of each group where its channels (C,) are; None where nothing measures that, or not yet.
            now_ns: the time.
        """
        verdict = self._shape(proposal) or self._time(proposal, now_ns)
        if verdict is None:
            starts = zip(self._body.groups, self._body.divided(proposal.positions[0]), measured, strict=True)
            wrong = (self._start(begin, there) for group, begin, there in starts if group.is_measured)
            verdict = next((found for found in wrong if found is not None), None)
        if verdict is not None:
            return verdict
        self._newest_ns = proposal.stamp_ns
        return PASS

    def _shape(self, proposal: Trajectory) -> Verdict | None:
        if tuple(proposal.joint_names) != self._names:
            got, expected = " ".join(proposal.joint_names), " ".join(self._names)
            return _reject(ReasonCode.PROPOSAL_JOINT_NAMES, got=got, expected=expected)
        points, joints = len(proposal.time_from_start_ns), len(self._names)
        if (
            points == 0
            or proposal.time_from_start_ns.ndim != 1
            or proposal.positions.shape != (points, joints)
        ):
            expected = f"({points or 'points'}, {joints})"
            return _reject(ReasonCode.PROPOSAL_SHAPE, got=str(proposal.positions.shape), expected=expected)
        finite = np.isfinite(proposal.positions)
        if not finite.all():
            return _reject(ReasonCode.PROPOSAL_NOT_FINITE, values=int((~finite).sum()))
        return None

    def _time(self, proposal: Trajectory, now_ns: int) -> Verdict | None:
        times = proposal.time_from_start_ns
        # Compared, not subtracted: a difference of huge times wraps around. And "not above", so NaN fails.
        if not times[0] >= 0 or not (times[1:] > times[:-1]).all():
            return _reject(
                ReasonCode.PROPOSAL_TIMES, got=str(times.tolist()), expected="strictly increasing from 0"
            )
        if self._newest_ns is not None and proposal.stamp_ns <= self._newest_ns:
            return _reject(
                ReasonCode.PROPOSAL_OUT_OF_ORDER, stamp_ns=proposal.stamp_ns, newest_ns=self._newest_ns
            )
        age_s = (now_ns - proposal.stamp_ns) / 1e9
        if age_s > self._settings.proposal_age_s:
            return _reject(
                ReasonCode.PROPOSAL_STALE, stamp_age_s=age_s, limit_s=self._settings.proposal_age_s
            )
        if age_s < -self._settings.future_tolerance_s:
            return _reject(
                ReasonCode.PROPOSAL_FUTURE, stamp_age_s=age_s, tolerance_s=self._settings.future_tolerance_s
            )
        return None

    def _start(self, begin: FloatArray, measured: FloatArray | None) -> Verdict | None:
        if measured is None:
            return _reject(ReasonCode.PROPOSAL_BEFORE_JOINTS)
        gap = np.abs(begin - measured)
        if float(gap.max()) > self._settings.start_error:
            joint, limit = int(gap.argmax()), self._settings.start_error
            return _reject(ReasonCode.PROPOSAL_START, joint_index=joint, gap=float(gap.max()), limit=limit)
        return None
