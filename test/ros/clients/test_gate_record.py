# SPDX-License-Identifier: Apache-2.0
"""Which planning steps the gate interfered with."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
from ami_ros.report.gate_statistics import GateCounts, gate_figures
from ami_ros.ros.clients.gate_record import GateRecord
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.types import Level, Reason, Verdict

STAMPS = [100, 200, 300, 400, 500, 600]


def record(*states: tuple[int, Level, str], rejected: tuple[int, ...] = ()) -> GateCounts:
    record = GateRecord()
    for stamp, level, code in states:
        record.see(Judgement(Verdict(level, (Reason(code),) if code else ()), stamp))
    for stamp in rejected:
        record.see(Judgement(Verdict(Level.HOLD, (Reason("PROPOSAL_STALE"),)), stamp + 5, stamp))
    return record.counts(STAMPS)


START = (100, Level.HOLD, "CLOCK_RESTARTED")
RUN = (110, Level.PASS, "")


def test_a_clean_episode_and_what_came_before_the_first_motion():
    assert record(START, RUN, (250, Level.LIMITED, "VELOCITY_LIMIT")) == GateCounts(5, 5, 0, 0, {})


def test_a_gate_that_never_lets_the_robot_move_has_no_clean_step():
    assert record(START).clean_steps == 0


def test_a_hold_dirties_every_step_that_it_lasts_in():
    counts = record(START, RUN, (250, Level.HOLD, "CAMERA_STALE"), (310, Level.PASS, ""))
    assert counts == GateCounts(5, 3, 1, 0, {"CAMERA_STALE": 1})


def test_a_hold_that_changes_its_cause_is_one_hold_and_a_stop_is_none():
    counts = record(
        START,
        RUN,
        (410, Level.HOLD, "CAMERA_STALE"),
        (420, Level.HOLD, "JOINTS_STALE"),
        (430, Level.STOP, "ESTOP"),
    )
    assert counts == GateCounts(5, 3, 1, 1, {"CAMERA_STALE": 1, "JOINTS_STALE": 1, "ESTOP": 1})


def test_a_rejected_proposal_dirties_its_step():
    assert record(START, RUN, rejected=(200,)) == GateCounts(5, 4, 0, 0, {"PROPOSAL_STALE": 1})


def test_what_comes_after_the_end_does_not_count():
    assert record(START, RUN, (601, Level.HOLD, "CAMERA_STALE"), rejected=(600,)).clean_steps == 5


def test_figures_of_many_episodes():
    counts = [GateCounts(5, 3, 1, 0, {"A": 2}), GateCounts(3, 3, 0, 1, {"B": 1, "A": 1})]
    figures = {"clean_step_share": 0.75, "holds": 1, "stops": 1, "reasons": {"A": 3, "B": 1}}
    assert gate_figures(counts) == figures
    assert gate_figures([])["clean_step_share"] is None
