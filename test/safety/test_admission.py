# SPDX-License-Identifier: Apache-2.0
"""Which proposals the gate takes: each rule alone, at its boundary, and against NaN."""

from __future__ import annotations

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS, STEP_NS
from robots import HOME, JOINTS, made_up_robot

from ami_ros.safety.admission import Admission
from ami_ros.safety.gate_body import GateBody
from ami_ros.types import Level, Trajectory, Verdict

POINTS = 5
SPEC = made_up_robot()
BODY = GateBody.of_robot(SPEC)
MEASURED = np.array(HOME)


def proposal(positions=None, times=None, names=SPEC.joint_names, stamp_ns=START_NS) -> Trajectory:
    positions = (
        np.tile(MEASURED, (POINTS, 1)) if positions is None else np.asarray(positions, dtype=np.float64)
    )
    times = np.arange(len(positions)) * STEP_NS if times is None else np.asarray(times)
    return Trajectory(tuple(names), positions, times, stamp_ns)


def judge(trajectory: Trajectory, measured=MEASURED, now_ns=START_NS) -> Verdict:
    return Admission(BODY, SETTINGS).judge(trajectory, [measured], now_ns)


def code(verdict: Verdict) -> str:
    assert verdict.level is Level.HOLD
    assert len(verdict.reasons) == 1
    return verdict.reasons[0].code


def test_a_good_proposal_passes():
    assert judge(proposal()).level is Level.PASS


@pytest.mark.parametrize(
    "names",
    [
        SPEC.joint_names[::-1],
        SPEC.joint_names[:-1],
        (*SPEC.joint_names, "joint_e"),
        ("joint_a", "joint_a", "joint_c", "joint_d"),
        (),
    ],
    ids=["reordered", "missing", "unknown", "twice", "none"],
)
def test_other_names_are_rejected_and_both_sides_are_named(names):
    verdict = judge(proposal(names=names))
    assert code(verdict) == "PROPOSAL_JOINT_NAMES"
    assert verdict.reasons[0].numbers == {
        "got": " ".join(names),
        "expected": "joint_a joint_b joint_c joint_d",
    }


@pytest.mark.parametrize(
    "shape",
    [
        (0, JOINTS),
        (POINTS, JOINTS - 1),
        (POINTS, JOINTS + 1),
        (POINTS - 1, JOINTS),
        (JOINTS, POINTS),
        (POINTS,),
    ],
)
def test_other_shapes_are_rejected(shape):
    times = np.arange(0 if shape[0] == 0 else POINTS) * STEP_NS
    assert code(judge(proposal(np.zeros(shape), times))) == "PROPOSAL_SHAPE"


def test_times_in_a_matrix_are_rejected():
    assert code(judge(proposal(times=np.ones((POINTS, 2), dtype=np.int64)))) == "PROPOSAL_SHAPE"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [(0, 0), (POINTS - 1, JOINTS - 1), (2, 1)])
def test_one_number_that_is_not_finite_rejects_all(value, where):
    positions = np.tile(MEASURED, (POINTS, 1))
    positions[where] = value
    verdict = judge(proposal(positions))
    assert code(verdict) == "PROPOSAL_NOT_FINITE"
    assert verdict.reasons[0].numbers == {"values": 1}


@pytest.mark.parametrize(
    "times",
    [
        [0, 1, 2, 2, 3],
        [0, 2, 1, 3, 4],
        [-1, 0, 1, 2, 3],
        [0, 0, 0, 0, 0],
        [4, 3, 2, 1, 0],
        [0, 1, 2, 2**63 - 1, -(2**63)],
        [0.0, 1.0, np.nan, 3.0, 4.0],
        [np.nan, 1.0, 2.0, 3.0, 4.0],
    ],
    ids=["twice", "swapped", "negative", "constant", "reversed", "wraps around", "NaN", "NaN first"],
)
def test_times_must_increase_from_zero(times):
    assert code(judge(proposal(times=times))) == "PROPOSAL_TIMES"


def test_a_first_point_later_than_now_passes():
    assert judge(proposal(times=np.arange(1, POINTS + 1) * STEP_NS)).level is Level.PASS


def test_the_oldest_stamp_that_passes():
    oldest = START_NS - round(SETTINGS.proposal_age_s * 1e9)
    assert judge(proposal(stamp_ns=oldest)).level is Level.PASS
    assert code(judge(proposal(stamp_ns=oldest - 1))) == "PROPOSAL_STALE"
    assert code(judge(proposal(stamp_ns=0))) == "PROPOSAL_STALE"


def test_the_latest_stamp_that_passes():
    latest = START_NS + round(SETTINGS.future_tolerance_s * 1e9)
    assert judge(proposal(stamp_ns=latest)).level is Level.PASS
    assert code(judge(proposal(stamp_ns=latest + 1))) == "PROPOSAL_FUTURE"


def test_duplicates_and_late_messages_are_rejected():
    admission = Admission(BODY, SETTINGS)

    def submit(stamp_ns: int) -> Verdict:
        return admission.judge(proposal(stamp_ns=stamp_ns), [MEASURED], START_NS)

    assert submit(START_NS - 20).level is Level.PASS
    assert code(submit(START_NS - 20)) == "PROPOSAL_OUT_OF_ORDER"
    assert code(submit(START_NS - 21)) == "PROPOSAL_OUT_OF_ORDER"
    assert submit(START_NS - 19).level is Level.PASS


def test_a_rejected_proposal_leaves_no_trace():
    admission = Admission(BODY, SETTINGS)
    late = START_NS + 10
    assert code(
        admission.judge(proposal(np.full((POINTS, JOINTS), np.nan), stamp_ns=late), [MEASURED], START_NS)
    )
    assert admission.judge(proposal(stamp_ns=late), [MEASURED], START_NS).level is Level.PASS


def test_forget_before_rejects_up_to_that_time_and_never_forgives_a_later_stamp():
    admission = Admission(BODY, SETTINGS)
    admission.forget_before(START_NS)
    assert code(admission.judge(proposal(stamp_ns=START_NS), [MEASURED], START_NS)) == "PROPOSAL_OUT_OF_ORDER"
    ahead = START_NS + 30_000_000
    assert admission.judge(proposal(stamp_ns=ahead), [MEASURED], START_NS).level is Level.PASS
    admission.forget_before(START_NS + 1)
    assert (
        code(admission.judge(proposal(stamp_ns=ahead), [MEASURED], START_NS + 2)) == "PROPOSAL_OUT_OF_ORDER"
    )
    admission.forget_before(None)
    assert admission.judge(proposal(stamp_ns=START_NS), [MEASURED], START_NS).level is Level.PASS


def test_a_start_far_from_the_robot_is_rejected_with_the_joint_and_the_gap():
    start, zero = np.zeros(JOINTS), np.zeros(JOINTS)
    start[2] = SETTINGS.start_error
    assert judge(proposal(np.tile(start, (POINTS, 1))), zero).level is Level.PASS
    start[2] += 0.01
    verdict = judge(proposal(np.tile(start, (POINTS, 1))), zero)
    assert code(verdict) == "PROPOSAL_START"
    assert verdict.reasons[0].numbers["joint_index"] == 2
    assert verdict.reasons[0].numbers["gap"] == pytest.approx(SETTINGS.start_error + 0.01)


def test_only_the_first_point_must_be_near():
    positions = MEASURED + np.arange(POINTS)[:, None] * 0.5
    assert judge(proposal(positions)).level is Level.PASS


def test_without_joints_no_start_can_be_judged():
    assert code(judge(proposal(), measured=None)) == "PROPOSAL_BEFORE_JOINTS"
