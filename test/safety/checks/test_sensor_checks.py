# SPDX-License-Identifier: Apache-2.0
"""Readings that repeat themselves and readings that are refused, at their boundaries."""

from __future__ import annotations

import numpy as np
import pytest
from gate_timeline import START_NS
from robots import HOME

from ami_ros.safety.checks.malformed import Malformed
from ami_ros.safety.checks.still_sensor import StillSensor
from ami_ros.safety.events import Event, ImageSeen, JointsSeen, ReadingRefused, VectorSeen
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, VECTOR, WatchedSensor
from ami_ros.types import Level

AT = Situation(START_NS)
FREEZE_S = 0.75
FREEZE_NS = round(FREEZE_S * 1e9)


def still(kind: str, freeze_s: float | None = FREEZE_S) -> StillSensor:
    sensor = WatchedSensor("this", kind, 2.0, freeze_s)
    return StillSensor(sensor, (sensor,))


def reading(kind: str, content: int | None, after_ns: int, sensor: str = "this") -> Event:
    now = START_NS + after_ns
    if kind == JOINT_STATES:
        return JointsSeen(np.array(HOME) + (content or 0), now, now)
    return (ImageSeen if kind == IMAGE else VectorSeen)(sensor, content, now, now)


@pytest.mark.parametrize(
    ("kind", "code", "sensor"),
    [
        (VECTOR, "SENSOR_FROZEN", {"sensor": "this"}),
        (IMAGE, "CAMERA_FROZEN", {}),
        (JOINT_STATES, "JOINTS_FROZEN", {}),
    ],
)
def test_a_reading_that_is_repeated_for_longer_holds_until_it_changes(kind, code, sensor):
    check = still(kind)
    assert check.judge(AT).level is Level.PASS
    check.see(reading(kind, 3, 0), AT)
    check.see(reading(kind, 3, FREEZE_NS), AT)
    assert check.judge(AT).level is Level.PASS
    check.see(reading(kind, 3, FREEZE_NS + 1), AT)
    verdict = check.judge(AT)
    assert (verdict.level, verdict.reasons[0].code) == (Level.HOLD, code)
    numbers = {"for_s": (FREEZE_NS + 1) / 1e9, "limit_s": FREEZE_S, **sensor}
    assert verdict.reasons[0].numbers == numbers
    check.see(reading(kind, 4, FREEZE_NS + 2), AT)
    assert check.judge(AT).level is Level.PASS


def test_silence_is_not_for_it_to_judge():
    check = still(VECTOR)
    check.see(reading(VECTOR, 3, 0), AT)
    assert check.judge(Situation(START_NS + 9 * FREEZE_NS)).level is Level.PASS


@pytest.mark.parametrize("other", [{"content": None}, {"sensor": "that"}])
def test_what_is_not_known_or_of_another_sensor_is_not_judged(other):
    check = still(VECTOR)
    for after in range(0, 4 * FREEZE_NS, FREEZE_NS // 3):
        check.see(reading(VECTOR, **{"content": 3, "after_ns": after, **other}), AT)
        assert check.judge(AT).level is Level.PASS


def test_without_a_limit_it_is_never_judged_and_a_reset_forgets():
    for check in (still(VECTOR, None), still(VECTOR)):
        check.see(reading(VECTOR, 3, 0), AT)
        check.see(reading(VECTOR, 3, 9 * FREEZE_NS), AT)
        frozen = check.judge(AT).level
        check.forget()
        assert check.judge(AT).level is Level.PASS
    assert frozen is Level.HOLD


def test_a_refused_reading_holds_until_a_good_one_of_the_same_sensor():
    check = Malformed()
    assert check.judge(AT).level is Level.PASS
    check.see(ReadingRefused("this", "NaN at index 1", START_NS), AT)
    check.see(reading(VECTOR, 3, 1, sensor="that"), AT)
    verdict = check.judge(AT)
    assert (verdict.level, verdict.reasons[0].code) == (Level.HOLD, "SENSOR_MALFORMED")
    assert verdict.reasons[0].numbers == {"sensor": "this", "error": "NaN at index 1"}
    check.see(reading(VECTOR, 3, 2), AT)
    assert check.judge(AT).level is Level.PASS
    check.see(ReadingRefused("this", "size 2", START_NS), AT)
    check.forget()
    assert check.judge(AT).level is Level.PASS
