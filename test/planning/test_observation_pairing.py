# SPDX-License-Identifier: Apache-2.0
"""Which image goes with which joints, told as a timeline."""

from __future__ import annotations

import pytest

from ami_ros.planning.observation_pairing import ObservationPairing, Seen
from ami_ros.planning.plan_statistics import PlanStatistics

MS = 1_000_000


@pytest.fixture
def pairing() -> ObservationPairing:
    return ObservationPairing(["image"], {"joints": 0}, period_ns=100 * MS, gap_ns=300 * MS)


def see(pairing: ObservationPairing, what: str, at_ms: int) -> tuple[int, int] | None:
    """Let a message arrive and return the stamps, in ms, of the pair that it completes."""
    pairing.see(what, Seen(f"content of {at_ms}", at_ms * MS, at_ms * MS))
    taken = pairing.take()
    return None if taken is None else (taken["image"].stamp_ns // MS, taken["joints"].stamp_ns // MS)


@pytest.mark.parametrize("order", [("image", "joints"), ("joints", "image")])
def test_topics_may_overtake_each_other(pairing: ObservationPairing, order: tuple[str, str]):
    assert [see(pairing, what, 100) for what in order] == [None, (100, 100)]
    assert [see(pairing, what, 200) for what in order] == [None, (200, 200)]


def test_an_image_waits_for_joints_as_new_and_takes_the_newest(pairing: ObservationPairing):
    assert see(pairing, "joints", 90) is None
    assert see(pairing, "image", 100) is None
    assert see(pairing, "joints", 110) == (100, 110)
    assert see(pairing, "joints", 120) is None, "one plan per image"
    assert see(pairing, "joints", 220) is None
    assert see(pairing, "image", 200) == (200, 220)


def test_a_fast_camera_is_thinned_to_the_planning_period(pairing: ObservationPairing):
    see(pairing, "joints", 1000)
    taken = []
    for at_ms in range(0, 400, 33):
        see(pairing, "joints", at_ms + 1000)
        taken.append(see(pairing, "image", at_ms + 1000))
    assert [pair[0] - 1000 for pair in taken if pair] == [0, 99, 198, 297, 396]


def test_an_image_much_older_than_the_joints_is_not_used(pairing: ObservationPairing):
    see(pairing, "joints", 1000)
    assert see(pairing, "image", 699) is None
    assert "0.301 s older than joints, expected at most 0.300 s" in pairing.waiting_for(0)
    assert see(pairing, "image", 700) == (700, 1000)


@pytest.mark.parametrize("order", [("image", "joints"), ("joints", "image")])
def test_time_that_starts_again_is_noticed_once(pairing: ObservationPairing, order: tuple[str, str]):
    for at_ms in (1000, 1100):
        see(pairing, "image", at_ms), see(pairing, "joints", at_ms)
    assert [see(pairing, what, 1000) for what in order] == [None, (1000, 1000)]
    assert pairing.restarts == 1


def test_a_new_goal_is_planned_for_from_the_same_stamp(pairing: ObservationPairing):
    see(pairing, "image", 100), see(pairing, "joints", 100)
    pairing.plan_again()
    assert see(pairing, "joints", 100) == (100, 100)


def test_it_says_what_is_missing(pairing: ObservationPairing):
    assert "waiting for image and joints" in pairing.waiting_for(0)
    see(pairing, "image", 100)
    assert pairing.waiting_for(0).endswith("waiting for joints")
    see(pairing, "joints", 50)
    assert "joints is 0.050 s too old for the image" in pairing.waiting_for(0)
    see(pairing, "joints", 100)
    assert "0.40 s ago" in pairing.waiting_for(500 * MS)


def test_all_cameras_count_and_slow_sensors_have_a_slack():
    pairing = ObservationPairing(["left", "right"], {"joints": 0, "force": 500 * MS}, 100 * MS, 300 * MS)
    for name, at_ms in (("force", 600), ("left", 1000), ("joints", 1010)):
        pairing.see(name, Seen(name, at_ms * MS, at_ms * MS))
        assert pairing.take() is None
    pairing.see("right", Seen("right", 1005 * MS, 1005 * MS))
    taken = pairing.take()
    assert {name: seen.stamp_ns // MS for name, seen in taken.items()} == {
        "left": 1000,
        "right": 1005,
        "joints": 1010,
        "force": 600,
    }
    for name in ("left", "right", "joints"):
        pairing.see(name, Seen(name, 1150 * MS, 1150 * MS))
    assert pairing.take() is None
    assert "force is 0.050 s too old for the image" in pairing.waiting_for(0)


def test_without_cameras_the_newest_reading_counts():
    pairing = ObservationPairing([], {"heat": 250 * MS, "flow": 250 * MS}, 100 * MS, 300 * MS)
    pairing.see("heat", Seen(1.0, 1000 * MS, 1000 * MS))
    assert "waiting for flow" in pairing.waiting_for(0)
    pairing.see("flow", Seen(2.0, 900 * MS, 900 * MS))
    assert set(pairing.take()) == {"heat", "flow"}
    pairing.see("flow", Seen(2.0, 1050 * MS, 1050 * MS))
    assert pairing.take() is None, "within the planning period"
    pairing.see("flow", Seen(2.0, 1260 * MS, 1260 * MS))
    assert pairing.take() is None
    assert "heat is 0.010 s too old for other sensors" in pairing.waiting_for(0)


def test_statistics():
    statistics = PlanStatistics(period_s=0.1)
    assert statistics.summary() == {"plans": 0, "missed_deadlines": 0}
    for index, (duration_s, met) in enumerate([(0.01, True), (0.02, False), (0.2, True)]):
        statistics.cycle(index * 0.25)
        statistics.plan(duration_s, met)
    summary = statistics.summary()
    assert summary["missed_deadlines"] == 2 and summary["plans"] == 3
    assert summary["plan_ms_p50"] == pytest.approx(20.0)
    assert summary["loop_hz"] == pytest.approx(4.0)
    statistics.doubt(1.5, None)
    assert statistics.summary() == {**summary, "disagreement": 1.5}
    statistics.doubt(1.25, 0.5)
    assert statistics.summary() == {**summary, "disagreement": 1.25, "surprise": 0.5}


@pytest.fixture
def two() -> ObservationPairing:
    """Two cameras, of which the wrist's is not required, and waited for by 250 ms."""
    return ObservationPairing(["image", "wrist"], {}, 100 * MS, 300 * MS, {"wrist": 250 * MS})


def taken_by(pairing: ObservationPairing, what: str, at_ms: int) -> list[str]:
    pairing.see(what, Seen("", at_ms * MS, at_ms * MS))
    return list(pairing.take() or ())


def test_a_camera_that_is_not_required_is_waited_for_while_it_lives(two: ObservationPairing):
    for at_ms in (0, 100, 200):
        assert taken_by(two, "image", at_ms) == []
        assert taken_by(two, "wrist", at_ms) == ["image", "wrist"]
    assert [taken_by(two, "image", at_ms) for at_ms in (300, 400)] == [[], []]
    assert [taken_by(two, "image", at_ms) for at_ms in (500, 600)] == [["image"], ["image"]], "gone"
    assert taken_by(two, "wrist", 700) == []
    assert taken_by(two, "image", 700) == ["image", "wrist"], "and back"


def test_a_camera_that_is_not_required_and_never_came(two: ObservationPairing):
    assert [taken_by(two, "image", at_ms) for at_ms in (1000, 1100, 1200)] == [[], [], []]
    assert taken_by(two, "image", 1300) == ["image"]
    two.forget()
    assert taken_by(two, "image", 1400) == [], "after a reset it is waited for again"


def test_a_required_camera_is_waited_for_for_ever(two: ObservationPairing):
    assert [taken_by(two, "wrist", at_ms) for at_ms in (0, 500, 5000)] == [[], [], []]
    assert "waiting for image" in two.waiting_for(0)


def test_when_no_camera_lives_all_are_missed():
    pairing = ObservationPairing(["one", "two"], {"joints": 0}, 100 * MS, 300 * MS, {"one": MS, "two": MS})
    for at_ms in (0, 100, 200):
        assert taken_by(pairing, "joints", at_ms) == []
    assert "waiting for one and two" in pairing.waiting_for(0)


def test_two_observations_do_not_begin_with_the_same_joints(pairing: ObservationPairing):
    """When images come late, after joints of two periods: the gate would refuse the second plan."""
    assert see(pairing, "joints", 200) is None
    assert see(pairing, "image", 100) == (100, 200)
    assert see(pairing, "image", 200) is None
    assert see(pairing, "joints", 210) == (200, 210)
    pairing.plan_again()
    assert see(pairing, "image", 210) == (210, 210), "a new goal is planned for at once"
