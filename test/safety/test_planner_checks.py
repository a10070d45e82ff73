# SPDX-License-Identifier: Apache-2.0
"""What the gate makes of the planner and of pictures: heartbeat, doubt and still images, at their boundaries."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS

from ami_ros.safety.doubt import Doubt
from ami_ros.safety.heartbeat import Heartbeat
from ami_ros.safety.situation import Situation
from ami_ros.safety.still_image import StillImage
from ami_ros.types import Level

NOW = START_NS
AT = Situation(NOW)
TIP = np.array([0.4, 0.1, 0.3])


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("field", ["planner_arrival_ns", "proposal_arrival_ns"])
def test_silence_holds_beyond_its_limit(field):
    heartbeat, oldest = Heartbeat(SETTINGS), NOW - ns(SETTINGS.planner_silence_s)
    assert heartbeat.judge(replace(AT, **{field: oldest})).level is Level.PASS
    verdict = heartbeat.judge(replace(AT, **{field: oldest - 1}))
    assert (verdict.level, codes(verdict)) == (Level.HOLD, ["PLANNER_SILENT"])


def test_reports_count_more_than_proposals_and_nothing_heard_is_said_elsewhere():
    old = NOW - ns(SETTINGS.planner_silence_s) - 1
    flooding = replace(AT, planner_arrival_ns=old, proposal_arrival_ns=NOW)
    assert codes(Heartbeat(SETTINGS).judge(flooding)) == ["PLANNER_SILENT"]
    assert Heartbeat(SETTINGS).judge(AT).level is Level.PASS


@pytest.mark.parametrize("code", ["SURPRISE_HIGH", "DISAGREEMENT_HIGH"])
@pytest.mark.parametrize("high", [np.nan, np.inf, None])
def test_doubt_needs_to_last(code, high):
    doubt, patience = Doubt(SETTINGS), ns(SETTINGS.doubt_patience_s)
    surprising = code == "SURPRISE_HIGH"
    limit = SETTINGS.surprise_limit if surprising else SETTINGS.disagreement_limit
    high = np.nextafter(limit, 9.0) if high is None else high

    def see(value, at):
        doubt.see(value if surprising else None, None if surprising else value, at)

    see(high, NOW)
    see(high, NOW + patience)
    assert doubt.judge(replace(AT, now_ns=NOW + patience)).level is Level.PASS
    see(high, NOW + patience + 1)
    verdict = doubt.judge(replace(AT, now_ns=NOW + patience + 1))
    assert (verdict.level, codes(verdict)) == (Level.HOLD, [code])
    see(1.0 if surprising else limit, NOW + patience + 2)
    assert doubt.judge(replace(AT, now_ns=NOW + patience + 3)).level is Level.PASS


def test_surprise_below_its_limit_grows_in_proportion_and_one_usual_report_ends_it():
    half = (1.0 + SETTINGS.surprise_limit) / 2
    step, patience = ns(0.05), ns(SETTINGS.doubt_patience_s)

    def held_after(values) -> int | None:
        doubt = Doubt(SETTINGS)
        for number, value in enumerate(values):
            doubt.see(value, None, NOW + number * step)
            if doubt.judge(replace(AT, now_ns=NOW + number * step)).level is Level.HOLD:
                return number
        return None

    assert held_after([half] * 100) == 2 * patience // step + 1
    assert held_after([1.0] * 100) is None
    assert held_after(([half] * (2 * patience // step) + [1.0]) * 5) is None


def test_disagreement_below_its_limit_is_usual():
    doubt = Doubt(SETTINGS)
    for at in range(NOW, NOW + ns(9.0), 100_000_000):
        doubt.see(None, SETTINGS.disagreement_limit, at)
        assert doubt.judge(replace(AT, now_ns=at)).level is Level.PASS


def test_silence_after_a_high_report_is_for_the_heartbeat_to_name():
    doubt = Doubt(SETTINGS)
    doubt.see(9.0, 9.0, NOW)
    assert doubt.judge(replace(AT, now_ns=NOW + ns(60.0))).level is Level.PASS


def test_after_its_rest_doubt_lets_the_planner_try_again_and_holds_again():
    doubt, patience, rest = Doubt(SETTINGS), ns(SETTINGS.doubt_patience_s), ns(SETTINGS.doubt_rest_s)
    levels = []
    for at in range(NOW, NOW + 3 * (patience + rest), 50_000_000):
        doubt.see(9.0, None, at)
        levels.append(doubt.judge(replace(AT, now_ns=at)).level)
    changes = [after for before, after in pairwise(levels) if after is not before]
    assert changes[:4] == [Level.HOLD, Level.PASS, Level.HOLD, Level.PASS]


def test_what_is_not_known_is_no_doubt():
    doubt = Doubt(SETTINGS)
    for at in range(NOW, NOW + ns(3.0), 100_000_000):
        doubt.see(None, None, at)
    assert doubt.judge(replace(AT, now_ns=NOW + ns(3.0))).level is Level.PASS


def test_a_repeated_picture_after_travel_is_a_frozen_camera():
    still, along = StillImage(SETTINGS), np.array([1.0, 0.0, 0.0])
    still.see(5, TIP)
    still.see(5, TIP + along * (SETTINGS.still_image_travel - 1e-9))
    assert still.judge(AT).level is Level.PASS
    still.see(5, TIP + along * (SETTINGS.still_image_travel + 1e-9))
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]
    still.see(5, TIP)  # coming back does not thaw it
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]
    still.see(6, TIP)
    assert still.judge(AT).level is Level.PASS


def test_a_scene_at_rest_and_a_living_camera_are_not_frozen():
    still = StillImage(SETTINGS)
    for _ in range(50):
        still.see(5, TIP)
    for content in range(50):
        still.see(content, TIP + 0.1 * content)
    assert still.judge(AT).level is Level.PASS


def test_a_picture_without_hash_or_before_the_joints_is_not_judged():
    still = StillImage(SETTINGS)
    still.see(None, TIP)
    still.see(5, None)
    still.see(5, TIP + 1.0)
    assert still.judge(AT).level is Level.PASS
    still.see(5, TIP + 2.0)
    assert codes(still.judge(AT)) == ["CAMERA_FROZEN"]
