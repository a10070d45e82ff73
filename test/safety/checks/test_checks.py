# SPDX-License-Identifier: Apache-2.0
"""Freshness and tracking, each at its boundary and with data missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS, STEP_NS
from robots import AGE_S, CAMERA, HOME, JOINT_SENSOR, JOINTS, made_up_robot

from ami_ros.errors import ConfigError
from ami_ros.safety.checks.freshness import Freshness
from ami_ros.safety.checks.tracking import Tracking
from ami_ros.safety.settings import load_safety_settings
from ami_ros.safety.situation import Seen, Situation
from ami_ros.safety.watched_sensor import watched_sensors
from ami_ros.types import Level, Trajectory

NOW = START_NS
PATIENCE_NS = round(SETTINGS.tracking_patience_s * 1e9)
POINTS = np.array([HOME, HOME, HOME]) + np.array([[0.0], [0.1], [0.4]])
PROPOSAL = Trajectory(made_up_robot().joint_names, POINTS, np.arange(3) * STEP_NS, NOW)
SENSORS = watched_sensors(made_up_robot())
FRESH = Situation(
    NOW, {JOINT_SENSOR: Seen(NOW, NOW), CAMERA: Seen(NOW, NOW)}, np.array(HOME), np.array(HOME), PROPOSAL
)
AGES = {
    (JOINT_SENSOR, "stamp_ns"): ("JOINTS", AGE_S[JOINT_SENSOR]),
    (JOINT_SENSOR, "arrival_ns"): ("JOINTS", AGE_S[JOINT_SENSOR]),
    (CAMERA, "stamp_ns"): ("CAMERA", AGE_S[CAMERA]),
    (CAMERA, "arrival_ns"): ("CAMERA", AGE_S[CAMERA]),
}


def at(sensor: str, field: str, time_ns: int | None) -> Situation:
    """Return everything fresh but for one time of one sensor."""
    seen = replace(FRESH.sensors[sensor], **{field: time_ns})
    return replace(FRESH, sensors={**FRESH.sensors, sensor: seen})


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_everything_fresh_passes():
    assert Freshness(SENSORS, SETTINGS).judge(FRESH).level is Level.PASS


def test_nothing_received_holds_for_every_cause():
    verdict = Freshness(SENSORS, SETTINGS).judge(Situation(NOW))
    assert verdict.level is Level.HOLD
    assert codes(verdict) == ["JOINTS_MISSING", "CAMERA_MISSING", "PROPOSAL_MISSING"]


@pytest.mark.parametrize(("sensor", "field"), AGES)
def test_each_stamp_alone_is_enough_to_hold(sensor, field):
    what, limit_s = AGES[sensor, field]
    oldest = NOW - round(limit_s * 1e9)
    judge = Freshness(SENSORS, SETTINGS).judge
    assert judge(at(sensor, field, oldest)).level is Level.PASS
    stale = judge(at(sensor, field, oldest - 1))
    assert (stale.level, codes(stale)) == (Level.HOLD, [f"{what}_STALE"])
    assert stale.reasons[0].numbers["limit_s"] == limit_s
    latest = NOW + round(SETTINGS.future_tolerance_s * 1e9)
    assert judge(at(sensor, field, latest)).level is Level.PASS
    early = judge(at(sensor, field, latest + 1))
    assert (early.level, codes(early)) == (Level.HOLD, [f"{what}_FUTURE"])
    missing = judge(at(sensor, field, None))
    assert (missing.level, codes(missing)) == (Level.HOLD, [f"{what}_MISSING"])


def test_a_proposal_ages_by_its_stamp():
    age_ns = round(SETTINGS.proposal_age_s * 1e9)
    old = replace(FRESH, proposal=replace(PROPOSAL, stamp_ns=NOW - age_ns))
    assert Freshness(SENSORS, SETTINGS).judge(old).level is Level.PASS
    older = replace(FRESH, proposal=replace(PROPOSAL, stamp_ns=NOW - age_ns - 1))
    assert codes(Freshness(SENSORS, SETTINGS).judge(older)) == ["PROPOSAL_STALE"]


def test_what_says_where_the_body_is_can_be_asked_for_alone():
    freshness = Freshness(SENSORS, SETTINGS, next(s for s in SENSORS if s.name == JOINT_SENSOR))
    assert freshness.place(replace(at(CAMERA, "stamp_ns", None), proposal=None)).level is Level.PASS
    assert codes(freshness.place(Situation(NOW))) == ["JOINTS_MISSING"]
    assert Freshness(SENSORS, SETTINGS).place(Situation(NOW)).level is Level.PASS


def test_tracking_holds_beyond_its_limit_and_names_the_joint():
    tracking, commanded = Tracking(SETTINGS), np.zeros(JOINTS)
    commanded[1] = -SETTINGS.tracking_error
    at_zero = replace(FRESH, measured=np.zeros(JOINTS), commanded=commanded)
    assert tracking.judge(at_zero).level is Level.PASS
    commanded[1] = np.nextafter(commanded[1], -1.0)
    verdict = tracking.judge(at_zero)
    assert (verdict.level, codes(verdict)) == (Level.HOLD, ["TRACKING_ERROR"])
    assert verdict.reasons[0].numbers["joint_index"] == 1


OFF = replace(FRESH, commanded=np.array(HOME) + 0.5)


def test_tracking_stops_when_the_error_lasts_and_forgets_when_it_ends():
    tracking = Tracking(SETTINGS)
    assert tracking.judge(OFF).level is Level.HOLD
    assert tracking.judge(replace(OFF, now_ns=NOW + PATIENCE_NS)).level is Level.HOLD
    verdict = tracking.judge(replace(OFF, now_ns=NOW + PATIENCE_NS + 1))
    assert (verdict.level, codes(verdict)) == (Level.STOP, ["TRACKING_LOST"])
    assert tracking.judge(replace(FRESH, now_ns=NOW + PATIENCE_NS + 2)).level is Level.PASS
    assert tracking.judge(replace(OFF, now_ns=NOW + PATIENCE_NS + 3)).level is Level.HOLD


def test_a_hold_that_gives_way_ends_at_half_of_the_limit():
    tracking = Tracking(SETTINGS)
    for share, is_held in ((0.9, False), (1.1, True), (0.9, True), (0.51, True), (0.49, False), (0.9, False)):
        off = replace(FRESH, commanded=np.array(HOME) + share * SETTINGS.tracking_error)
        assert (tracking.judge(off).level is Level.HOLD) is is_held, share
        way_out = tracking.give_way(off)
        assert (way_out is not None) is is_held
        if way_out is not None:
            expected = -SETTINGS.tracking_gain_hz * share * SETTINGS.tracking_error
            np.testing.assert_allclose(way_out, expected)


@pytest.mark.parametrize(("quiet_ns", "level"), [(PATIENCE_NS, Level.STOP), (PATIENCE_NS + 1, Level.HOLD)])
def test_who_gave_way_has_to_follow_for_as_long_as_the_patience(quiet_ns, level):
    tracking = Tracking(SETTINGS)
    tracking.judge(OFF)
    assert tracking.give_way(OFF) is not None
    for elapsed_ns in (1, quiet_ns):
        assert tracking.judge(replace(FRESH, now_ns=NOW + elapsed_ns)).level is Level.PASS
    assert tracking.judge(replace(OFF, now_ns=NOW + PATIENCE_NS + 2)).level is level


def test_tracking_has_nothing_to_compare_before_the_first_joints():
    for situation in (
        Situation(NOW),
        Situation(NOW, measured=FRESH.measured),
        Situation(NOW, commanded=FRESH.commanded),
    ):
        assert Tracking(SETTINGS).judge(situation).level is Level.PASS


def test_tracking_does_not_let_nan_pass():
    assert Tracking(SETTINGS).judge(replace(FRESH, measured=np.full(JOINTS, np.nan))).level is Level.HOLD


def test_shipped_thresholds_load_and_refuse_nonsense():
    assert load_safety_settings().rate_hz == 100.0
    for key, value in (("speed_scale", 1.5), ("start_error", 0.0), ("tracking_error", float("nan"))):
        with pytest.raises(ConfigError, match=key):
            load_safety_settings({key: value})
