# SPDX-License-Identifier: Apache-2.0
"""Rate, losses, latency and skew of messages that are made up, to the nanosecond."""

from __future__ import annotations

import pytest
from heard_samples import MS, heard, samples
from robots import made_up_robot

from ami_ros.doctor.live.pairing import skew
from ami_ros.doctor.live.timing import health_of, losses, rate, stamps

SPEC = made_up_robot()
CAMERA, JOINTS = SPEC.sensors["camera"], SPEC.sensors["joints"]  # 10 Hz, 0.5 s; 100 Hz, 0.25 s
FUTURE_S, GAP_S = 0.05, 0.3


@pytest.mark.parametrize(
    ("period_ms", "least_hz", "missed", "level"),
    [
        (100, 10.0, 0, "ok"),
        (115, 0.0, 0, "ok"),
        (130, 0.0, 0, "warn"),  # another rate than the YAML's
        (115, 10.0, 0, "warn"),  # plans get late
        (210, 10.0, 0, "fail"),
        (600, 0.0, 0, "fail"),  # the robot holds in between
        (200, 10.0, 9, "ok"),  # each second one got lost: the driver sent as many as it should
    ],
)
def test_rate(period_ms, least_hz, missed, level):
    topic = heard(samples(10, period_ms), missed=missed)
    finding = rate(CAMERA, topic, 1.0, least_hz)
    assert finding.level == level
    assert finding.figures["rate_hz"] == pytest.approx(1e3 * (9 + missed) / (9 * period_ms))


def test_one_message_has_no_rate():
    assert rate(CAMERA, heard(samples(1, 100)), 5.0, 0.0).level == "fail"


def test_stamps_that_do_not_move_leave_the_rate_to_arrivals():
    stuck = [sample._replace(stamp_ns=7) for sample in samples(10, 100)]
    assert rate(CAMERA, heard(stuck), 1.0, 0.0).figures["rate_hz"] == pytest.approx(10.0)


def lost(changed, missed=0, sensor=JOINTS):
    topic = heard(changed, missed=missed)
    return losses(sensor, topic, health_of(sensor, topic, SPEC.step_ns))


def test_losses():
    whole = samples(100, 10)
    assert lost(whole).level == "ok"
    assert lost(whole, missed=5).level == "warn" and lost(whole, missed=20).level == "fail"
    assert "5 of 105 messages were lost" in lost(whole, missed=5).found
    gap = lost(whole[:40] + whole[55:])
    assert gap.level == "warn" and gap.found == "1 gaps in stamps, the longest 0.16 s"
    assert "driver skips messages" in gap.advice
    assert lost(whole[:40] + whole[70:]).level == "fail", "longer than the robot goes on without"
    assert "1 older than the message before" in lost([*whole[:40], whole[41], whole[40], *whole[42:]]).found
    twice = lost([*whole[:40], *whole[39:]])
    assert "1 with the stamp of another" in twice.found and "publish it once" in twice.advice


@pytest.mark.parametrize(
    ("age_ms", "sent_ms", "level", "advice"),
    [
        (20, 1, "ok", ""),
        (-40, 1, "ok", ""),
        (-60, 1, "fail", "chrony"),
        (150, 149, "warn", "make the driver stamp at the measurement"),
        (260, 259, "fail", "make the driver stamp at the measurement"),
        (260, 10, "fail", "sent by a computer whose clock is behind"),
        (10**9, 1, "fail", "starts at boot"),
    ],
)
def test_latency(age_ms, sent_ms, level, advice):
    finding = stamps(JOINTS, heard(samples(10, 10, age_ms, sent_ms)), FUTURE_S, has_clock=False)
    assert finding.level == level and advice in finding.advice
    assert finding.figures["latency_s_p50"] == pytest.approx(age_ms / 1e3)


def test_latency_by_a_clock_that_nobody_has_heard_of_or_that_is_another():
    silent = [sample._replace(now_ns=None) for sample in samples(10, 10)]
    assert stamps(JOINTS, heard(silent), FUTURE_S, has_clock=True).level == "warn"
    finding = stamps(JOINTS, heard(samples(10, 10, 10**9)), FUTURE_S, has_clock=True)
    assert finding.level == "fail" and "use_sim_time" in finding.advice
    bare = [sample._replace(stamp_ns=None) for sample in samples(10, 10)]
    assert stamps(JOINTS, heard(bare), FUTURE_S, has_clock=False).level == "ok"
    zero = [sample._replace(stamp_ns=0) for sample in samples(10, 10)]
    assert stamps(JOINTS, heard(zero), FUTURE_S, has_clock=False).level == "fail"


@pytest.mark.parametrize(
    ("camera_age_ms", "joints_age_ms", "level", "usual_ms"),
    [(50, 10, "ok", 40), (450, 10, "fail", 440), (10, 350, "fail", -340), (10, 110, "ok", -100)],
)
def test_skew(camera_age_ms, joints_age_ms, level, usual_ms):
    pictures, joints = heard(samples(10, 100, camera_age_ms)), heard(samples(100, 10, joints_age_ms))
    finding = skew(CAMERA, JOINTS, pictures, joints, GAP_S)
    assert finding.level == level and finding.figures["skew_s_p50"] == pytest.approx(usual_ms / 1e3)


def test_skew_of_pictures_that_are_late_now_and_then_and_of_none():
    pictures, joints = samples(10, 100, 20), heard(samples(100, 10))
    pictures[5] = pictures[5]._replace(stamp_ns=pictures[5].stamp_ns - 400 * MS)
    assert skew(CAMERA, JOINTS, heard(pictures), joints, GAP_S).level == "warn"
    assert skew(CAMERA, JOINTS, heard([]), joints, GAP_S) is None
    early = heard([sample._replace(arrival_ns=0) for sample in pictures])
    assert skew(CAMERA, JOINTS, early, joints, GAP_S) is None, "before any joints came"
