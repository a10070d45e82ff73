# SPDX-License-Identifier: Apache-2.0
"""What the gate makes of the planner and of pictures: heartbeat, doubt and still images, at their boundaries."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS
from robots import CAMERA, made_up_robot

from ami_ros.safety.checks.doubt import Doubt
from ami_ros.safety.checks.heartbeat import Heartbeat
from ami_ros.safety.checks.still_image import StillImage
from ami_ros.safety.events import ImageSeen, PlannerReported
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import watched_sensors
from ami_ros.types import Level

NOW = START_NS
AT = Situation(NOW)
TIP = np.array([[0.4, 0.1, 0.3], [0.45, 0.15, 0.35]])  # commanded, measured


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def report(doubt: Doubt, says: ModelReport, arrival_ns: int) -> None:
    doubt.see(PlannerReported(says, arrival_ns), AT)


class Geometry:
    """Tips are where a "posture" says."""

    def tip(self, position):
        return position


def still_image() -> StillImage:
    sensors = watched_sensors(made_up_robot())
    return StillImage(sensors[1], sensors, Geometry(), SETTINGS.checks["still_image"])


def show(still: StillImage, content: int, tips) -> None:
    """Let it see a picture while the tip is commanded and measured there."""
    there = AT if tips is None else replace(AT, commanded=tips[0], measured=tips[1])
    still.see(ImageSeen(CAMERA, content, NOW, NOW), there)


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("field", ["planner_arrival_ns", "proposal_arrival_ns"])
def test_silence_holds_beyond_its_limit(field):
    heartbeat, oldest = (
        Heartbeat(SETTINGS.checks["heartbeat"]),
        NOW - ns(SETTINGS.checks["heartbeat"].planner_silence_s),
    )
    assert heartbeat.judge(replace(AT, **{field: oldest})).level is Level.PASS
    verdict = heartbeat.judge(replace(AT, **{field: oldest - 1}))
    assert (verdict.level, codes(verdict)) == (Level.HOLD, ["PLANNER_SILENT"])


def test_reports_count_more_than_proposals_and_nothing_heard_is_said_elsewhere():
    old = NOW - ns(SETTINGS.checks["heartbeat"].planner_silence_s) - 1
    flooding = replace(AT, planner_arrival_ns=old, proposal_arrival_ns=NOW)
    assert codes(Heartbeat(SETTINGS.checks["heartbeat"]).judge(flooding)) == ["PLANNER_SILENT"]
    assert Heartbeat(SETTINGS.checks["heartbeat"]).judge(AT).level is Level.PASS


def test_where_reports_are_rare_one_high_report_holds_nothing():
    paced = SETTINGS.at_pace(20.0)
    doubt, late_ns = Doubt(paced.checks["doubt"]), ns(25.0)
    for step in range(3):
        at = NOW + step * ns(20.0)
        report(doubt, ModelReport(surprise=9.0), at)
        assert (doubt.judge(replace(AT, now_ns=at)).level >= Level.HOLD) is (at > NOW + late_ns)
    assert paced.at_pace(20.0) == paced
    assert SETTINGS.at_pace(0.1) == SETTINGS


@pytest.mark.parametrize("code", ["SURPRISE_HIGH", "DISAGREEMENT_HIGH"])
@pytest.mark.parametrize("high", [np.nan, np.inf, None])
def test_doubt_needs_to_last(code, high):
    doubt, patience = Doubt(SETTINGS.checks["doubt"]), ns(SETTINGS.checks["doubt"].patience_s)
    surprising = code == "SURPRISE_HIGH"
    limit = (
        SETTINGS.checks["doubt"].surprise_limit if surprising else SETTINGS.checks["doubt"].disagreement_limit
    )
    high = np.nextafter(limit, 9.0) if high is None else high

    def see(value, at):
        report(doubt, ModelReport(**{"surprise" if surprising else "disagreement": value}), at)

    see(high, NOW)
    see(high, NOW + patience)
    assert doubt.judge(replace(AT, now_ns=NOW + patience)).level is Level.PASS
    see(high, NOW + patience + 1)
    verdict = doubt.judge(replace(AT, now_ns=NOW + patience + 1))
    assert (verdict.level, codes(verdict)) == (Level.HOLD, [code])
    see(1.0 if surprising else limit, NOW + patience + 2)
    assert doubt.judge(replace(AT, now_ns=NOW + patience + 3)).level is Level.PASS


def test_surprise_below_its_limit_grows_in_proportion_and_one_usual_report_ends_it():
    half = (1.0 + SETTINGS.checks["doubt"].surprise_limit) / 2
    step, patience = ns(0.05), ns(SETTINGS.checks["doubt"].patience_s)

    def held_after(values) -> int | None:
        doubt = Doubt(SETTINGS.checks["doubt"])
        for number, value in enumerate(values):
            report(doubt, ModelReport(surprise=value), NOW + number * step)
            if doubt.judge(replace(AT, now_ns=NOW + number * step)).level is Level.HOLD:
                return number
        return None

    assert held_after([half] * 100) == 2 * patience // step + 1
    assert held_after([1.0] * 100) is None
    assert held_after(([half] * (2 * patience // step) + [1.0]) * 5) is None


def test_disagreement_below_its_limit_is_usual():
    doubt = Doubt(SETTINGS.checks["doubt"])
    for at in range(NOW, NOW + ns(9.0), 100_000_000):
        report(doubt, ModelReport(disagreement=SETTINGS.checks["doubt"].disagreement_limit), at)
        assert doubt.judge(replace(AT, now_ns=at)).level is Level.PASS


def test_silence_after_a_high_report_is_for_the_heartbeat_to_name():
    doubt = Doubt(SETTINGS.checks["doubt"])
    report(doubt, ModelReport(surprise=9.0, disagreement=9.0), NOW)
    assert doubt.judge(replace(AT, now_ns=NOW + ns(60.0))).level is Level.PASS


def test_each_try_after_a_hold_is_slow_rests_longer_and_the_last_one_is_a_stop():
    doubt = Doubt(SETTINGS.checks["doubt"])
    levels, shares = [], set()
    for at in range(NOW, NOW + ns(20.0), 50_000_000):
        report(doubt, ModelReport(surprise=9.0), at)
        levels.append(doubt.judge(replace(AT, now_ns=at)).level)
        shares.add((levels[-1], doubt.speed_share))
    changes = [(at, after) for at, (before, after) in enumerate(pairwise(levels)) if after is not before]
    assert [level for _, level in changes] == [Level.HOLD, Level.PASS] * SETTINGS.checks["doubt"].tries + [
        Level.STOP
    ]
    rests = [changes[i + 1][0] - changes[i][0] for i in range(0, len(changes) - 1, 2)]
    assert rests[0] * 0.05 == pytest.approx(SETTINGS.checks["doubt"].rest_s, abs=0.051)
    assert rests[1] * 0.05 == pytest.approx(2.0 * SETTINGS.checks["doubt"].rest_s, abs=0.051)
    assert (Level.PASS, SETTINGS.checks["doubt"].speed) in shares
    doubt.forget()  # somebody has looked
    assert doubt.judge(replace(AT, now_ns=NOW + ns(20.0))).level is Level.PASS
    assert doubt.speed_share == 1.0


def test_trust_comes_back_with_time_and_with_it_speed_and_tries():
    doubt, at = Doubt(SETTINGS.checks["doubt"]), NOW
    for _ in range(2 * SETTINGS.checks["doubt"].tries):
        levels = []
        for surprise, lasts_s in (
            (9.0, 2.0 * SETTINGS.checks["doubt"].patience_s),
            (0.5, SETTINGS.checks["doubt"].trust_s + 0.2),
        ):
            begun = at
            for at in range(begun, begun + ns(lasts_s), 50_000_000):
                report(doubt, ModelReport(surprise=surprise), at)
                levels.append(doubt.judge(replace(AT, now_ns=at)).level)
        assert Level.HOLD in levels and Level.STOP not in levels
        assert doubt.speed_share == 1.0


def test_a_robot_at_rest_stays_there_until_the_world_looks_as_the_model_knows_it():
    doubt = Doubt(SETTINGS.checks["doubt"])

    def judge(look, at_s, at_rest=True):
        report(doubt, ModelReport(surprise=look, surprise_at_rest=look), NOW + ns(at_s))
        return doubt.judge(replace(AT, now_ns=NOW + ns(at_s), at_rest=at_rest)).level

    assert judge(SETTINGS.checks["doubt"].surprise_limit, 0.0) is Level.PASS
    assert judge(SETTINGS.checks["doubt"].surprise_limit, 0.05, at_rest=False) is Level.PASS
    assert judge(9.0, 0.1, at_rest=False) is Level.PASS, "in motion it has to last"
    assert judge(9.0, 0.2) is Level.HOLD, "at rest not"
    for at_s in np.arange(0.3, 120.0, 0.1):
        assert judge(9.0, at_s) is Level.HOLD, "neither a try, nor a stop"
    assert judge(1.0 + 1e-9, 121.0) is Level.HOLD
    assert judge(float("nan"), 121.1) is Level.HOLD
    assert judge(1.0, 121.2) is Level.PASS


def test_what_is_not_known_is_no_doubt():
    doubt = Doubt(SETTINGS.checks["doubt"])
    for at in range(NOW, NOW + ns(3.0), 100_000_000):
        report(doubt, ModelReport(), at)
    assert doubt.judge(replace(AT, now_ns=NOW + ns(3.0))).level is Level.PASS


def test_a_repeated_picture_after_travel_is_a_frozen_camera():
    still, along = still_image(), np.array([1.0, 0.0, 0.0])
    show(still, 5, TIP)
    show(still, 5, TIP + along * (SETTINGS.checks["still_image"].travel - 1e-9))
    assert still.judge(AT).level is Level.PASS
    show(still, 5, TIP + along * (SETTINGS.checks["still_image"].travel + 1e-9))
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]
    show(still, 5, TIP)  # coming back does not thaw it
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]
    show(still, 6, TIP)
    assert still.judge(AT).level is Level.PASS


def test_a_scene_at_rest_and_a_living_camera_are_not_frozen():
    still = still_image()
    for _ in range(50):
        show(still, 5, TIP)
    for content in range(50):
        show(still, content, TIP + 0.1 * content)
    assert still.judge(AT).level is Level.PASS


def test_a_picture_before_the_commands_is_not_judged():
    still = still_image()
    show(still, 5, None)
    show(still, 5, TIP + 1.0)
    assert still.judge(AT).level is Level.PASS
    show(still, 5, TIP + 2.0)
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]


@pytest.mark.parametrize("only", [0, 1])
def test_joint_states_or_commands_alone_do_not_make_a_camera_frozen(only):
    still, moved = still_image(), np.zeros((2, 3))
    moved[only] = 1.0
    show(still, 5, TIP)
    show(still, 5, TIP + moved)
    assert still.judge(AT).level is Level.PASS
