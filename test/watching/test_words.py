# SPDX-License-Identifier: Apache-2.0
"""What the gate and the planner report, for people."""

from __future__ import annotations

import pytest

from ami_ros.watching.words import memory_in_words, verdict_in_words


def test_a_verdict_names_its_level_its_reason_and_its_numbers():
    reasons = '[{"code": "CAMERA_STALE", "number": 212, "numbers": {"sensor": "camera", "age_s": 0.51234}}]'
    told = verdict_in_words({"level": "HOLD", "reasons": reasons})
    assert told == (
        "The gate holds the robot, which may go on by itself: the newest image is too old [CAMERA_STALE], "
        "sensor camera, age_s 0.512"
    )


def test_a_proposal_is_told_from_the_whole_and_a_foreign_reason_by_its_name():
    values = {"level": "STOP", "proposal_stamp_ns": "7", "reasons": '[{"code": "theirs/HOT", "numbers": {}}]'}
    told = verdict_in_words(values)
    assert "stopped the robot" in told and "(this proposal): theirs/HOT" in told


@pytest.mark.parametrize("values", [{}, {"level": "NONE"}])
def test_what_is_no_verdict_is_refused(values):
    with pytest.raises(ValueError, match="verdict: got level"):
        verdict_in_words(values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, ""),
        ({"way": "direct"}, "straight to the goal"),
        ({"way": "route", "route_at": "2 of 7"}, "along a route, to state 3 of 7"),
        ({"recalled": "4", "proposal": "retrieval"}, "tried 4 remembered ways; one of them won"),
        ({"way": "no_way", "recalled": "2"}, "knows no route; tried 2 remembered ways"),
    ],
)
def test_memory_and_routes(values, says):
    assert memory_in_words(values) == says
