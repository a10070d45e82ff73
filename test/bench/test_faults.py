# SPDX-License-Identifier: Apache-2.0
"""When a fault counts as named rightly, and how the matrix adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ami_ros.bench.faults import FaultRun, Told, summarise_faults
from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.faults.catalogue import Catalogue
from ami_ros.types import Level

SINCE_NS = 5_000_000_000
FAULTS = Catalogue(load_robot("panda")).faults


def run(
    name: str, *told: tuple[int, Level, str], unsafe: int = 0, since_ns: int | None = SINCE_NS
) -> FaultRun:
    notes = tuple(Told(SINCE_NS + ms * 1_000_000, level, frozenset({code})) for ms, level, code in told)
    kinds = {"jerk": unsafe} if unsafe else {}
    return FaultRun(FAULTS[name], name, 7, since_ns, notes, kinds, unsafe, 2 * unsafe)


@pytest.mark.parametrize(
    ("fault", "told", "problem"),
    [
        ("camera_repeated", [(300, Level.HOLD, "CAMERA_FROZEN")], ""),
        ("camera_repeated", [], "not named"),
        (
            "camera_repeated",
            [(300, Level.HOLD, "JOINTS_STALE"), (310, Level.HOLD, "CAMERA_FROZEN")],
            "called JOINTS_STALE",
        ),
        ("camera_repeated", [(200, Level.HOLD, "SURPRISE_HIGH"), (300, Level.HOLD, "CAMERA_FROZEN")], ""),
        ("camera_repeated", [(200, Level.HOLD, "SURPRISE_HIGH")], "called SURPRISE_HIGH only"),
        ("camera_repeated", [(1300, Level.HOLD, "CAMERA_FROZEN")], "named after 1300 ms"),
        ("planner_fast", [(20, Level.LIMITED, "VELOCITY_LIMIT")], ""),
        ("joints_reordered", [], ""),
        ("joints_reordered", [(20, Level.HOLD, "JOINTS_STALE")], "called JOINTS_STALE"),
    ],
)
def test_what_counts_as_named_rightly(fault, told, problem):
    assert run(fault, *told).problem() == problem


def test_a_fault_without_an_effect_is_a_problem():
    assert run("camera_black", since_ns=None).problem() == "it had no effect"


def test_the_matrix_adds_up():
    frozen = [(ms, Level.HOLD, "CAMERA_FROZEN") for ms in (100, 300)]
    runs = [run("camera_repeated", told) for told in frozen]
    runs += [run("camera_repeated"), run("estop", (20, Level.STOP, "ESTOP"), unsafe=3)]
    figures = summarise_faults(runs)
    expected = {"faults": 2, "runs": 4, "unsafe_commands": 3, "moved_after_stop": 6, "wrongly_named": 1}
    assert {key: figures[key] for key in expected} == expected
    assert figures["reaction_ms"]["camera_repeated"]["p50"] == 200.0
    row = figures["by_fault"]["estop"]
    assert row["unsafe_by_kind"] == {"jerk": 3} and row["reaction_ms"] == {"p50": 20.0, "p99": 20.0}


def test_of_a_run_that_was_wrongly_named_the_whole_story_is_kept():
    told = [(-20, Level.PASS, "JERK_LIMIT"), (200, Level.HOLD, "SURPRISE_HIGH")]
    row = summarise_faults([run("camera_repeated", *told), run("estop", (20, Level.STOP, "ESTOP"))])
    assert row["by_fault"]["estop"]["stories"] == []
    (story,) = row["by_fault"]["camera_repeated"]["stories"]
    assert (story["fault"], story["seed"]) == ("camera_repeated", 7)
    assert story["problem"] == "called SURPRISE_HIGH only"
    assert story["told"] == [
        {"ms": -20.0, "level": "PASS", "reasons": ["JERK_LIMIT"]},
        {"ms": 200.0, "level": "HOLD", "reasons": ["SURPRISE_HIGH"]},
    ]


def test_the_slowest_estop_is_told():
    runs = [
        replace(run("oversized_joints", (20, Level.LIMITED, "MESSAGE_OVERSIZED")), estop_ms=ms)
        for ms in (3.0, 9.0)
    ]
    assert summarise_faults(runs)["by_fault"]["oversized_joints"]["estop_ms_max"] == 9.0
