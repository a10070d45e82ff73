# SPDX-License-Identifier: Apache-2.0
"""Runs one after the other: what follows when time begins again, and what does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from recorded import CAMERA_HZ, SIDE, STEP_S, STEPS, Script, imported, picture_at, times_of

from ami_ros.errors import ObservationError
from ami_ros.recordings.importing.timeline import BREAK_NS, Timeline

SECOND = 10**9
JOINTS, CAMERA, COMMANDS = "/joint_states", "/camera/image_raw", "/commands"
STAYS = "time of /camera/image_raw restarted, expected that of {} to restart"


def said(line: Timeline, begin_s: float, end_s: float, **ahead_s: float) -> None:
    """Let sensors speak at 10 Hz, each by a clock that is so far ahead."""
    for tick in range(round((end_s - begin_s) * 10)):
        for topic, ahead in ahead_s.items():
            line.at({"joints": JOINTS, "camera": CAMERA}[topic], ns(begin_s + 0.1 * tick + ahead))


def ns(time_s: float) -> int:
    return round(time_s * SECOND)


def test_all_that_follow_are_where_their_stamps_say():
    line = Timeline()
    said(line, 0.0, 20.0, joints=0.0, camera=0.0)
    assert line.at(COMMANDS, ns(3.0), leads=False) == ns(3.0)
    begin_ns = line.at(CAMERA, ns(0.5))
    assert begin_ns == ns(19.9) + BREAK_NS and len(line.breaks) == 1
    assert line.at(JOINTS, ns(19.95)) == ns(19.95), "it was on its way"
    assert line.at(JOINTS, ns(0.4)) == begin_ns - ns(0.1) > line.breaks[0]
    said(line, 0.6, 5.0, joints=0.0, camera=0.0)
    # Nothing of it went back, and it never spoke over the break; the other one never before.
    assert line.at(COMMANDS, ns(4.9), leads=False) == begin_ns + ns(4.4)
    assert line.at("/force", ns(4.9)) == begin_ns + ns(4.4)


def test_what_goes_on_as_before_is_refused_until_it_follows():
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    begin_ns = line.at(CAMERA, ns(8.0))  # by a clock that was put back by 2 s
    assert line.at(JOINTS, ns(10.0)) == ns(10.0)
    said(line, 10.1, 10.8, joints=0.0, camera=-2.0)
    with pytest.raises(ObservationError, match=STAYS.format(JOINTS)):
        line.at(JOINTS, ns(11.0))
    for tick in range(100):  # also when its stamps are beyond those at which the run began
        line.at(CAMERA, ns(9.1 + 0.1 * tick))
        with pytest.raises(ObservationError, match=STAYS.format(JOINTS)):
            line.at(JOINTS, ns(11.1 + 0.1 * tick))
    assert line.at(JOINTS, ns(19.1)) == begin_ns + ns(11.1) and len(line.breaks) == 1


def test_after_a_silence_over_the_break_nothing_is_guessed():
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    line.at(CAMERA, ns(8.0))
    said(line, 10.1, 13.0, camera=-2.0)
    with pytest.raises(ObservationError, match=STAYS.format(JOINTS)):
        line.at(JOINTS, ns(13.0))


def test_commands_that_go_back_alone_begin_nothing():
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    line.at(COMMANDS, ns(9.9), leads=False)
    for tick in range(40):  # by a clock that was put back by 2 s
        said(line, 10.0 + 0.1 * tick, 10.1 + 0.1 * tick, joints=0.0, camera=0.0)
        with pytest.raises(ObservationError, match="/commands went back, expected those"):
            line.at(COMMANDS, ns(8.0 + 0.1 * tick), leads=False)
    assert line.at(COMMANDS, ns(13.9), leads=False) == ns(13.9) and line.breaks == []


@pytest.mark.parametrize("ahead_s", [0.0, 5.0, -5.0])
def test_where_nothing_was_recorded_for_a_while_all_jump_ahead(ahead_s):
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=ahead_s)
    with pytest.raises(ObservationError, match="/joint_states jumped ahead, expected"):
        line.at(JOINTS, ns(30.0))  # not known yet
    said(line, 30.1, 35.0, camera=ahead_s, joints=0.0)
    assert line.at(COMMANDS, ns(35.0), leads=False) == ns(35.0) and line.breaks == []


def test_a_sensor_that_was_silent_alone_goes_on():
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    said(line, 10.0, 30.0, joints=0.0)
    said(line, 30.0, 35.0, camera=0.0, joints=0.0)
    assert line.breaks == []


@pytest.mark.parametrize("leads", [True, False])
def test_what_jumps_ahead_alone_is_refused_until_it_is_back(leads):
    line = Timeline()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    topic = "/force" if leads else COMMANDS
    line.at(topic, ns(9.9), leads)
    for tick in range(40):
        said(line, 10.0 + 0.1 * tick, 10.1 + 0.1 * tick, joints=0.0, camera=0.0)
        with pytest.raises(ObservationError, match=f"{topic} jumped ahead, expected those"):
            line.at(topic, ns(60.0 + 0.1 * tick), leads)
    assert line.at(topic, ns(14.0), leads) == ns(14.0) and line.breaks == []
    said(line, 14.1, 20.0, joints=0.0, camera=0.0)


def test_another_bag_is_a_run_of_its_own_whatever_its_stamps_say():
    line = Timeline()
    line.begin_again()
    said(line, 0.0, 10.0, joints=0.0, camera=0.0)
    line.begin_again()
    assert line.at(JOINTS, ns(500.0)) == ns(9.9) + BREAK_NS
    assert line.at(CAMERA, ns(500.2)) == ns(10.1) + BREAK_NS and len(line.breaks) == 1


def test_a_clock_that_is_put_forward_alone_costs_what_comes_after_it(tmp_path):
    script = Script()
    script.joints(19.0)
    script.camera(19.0)
    for at, topic, _, message in script.said:
        if topic == "/camera/image_raw" and at >= 7.0:
            message.header.stamp.sec += 2
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 7.0 // (STEPS * STEP_S)
    for episode in episodes:
        for picture, time_s in zip(episode.images["camera"], times_of(episode), strict=True):
            small = cv2.resize(picture_at(time_s), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            assert np.abs(picture.astype(int) - small).max() <= 3
    camera = report.topics["camera"]
    assert camera.reason.endswith(
        "/camera/image_raw jumped ahead, expected those of the other sensors to jump"
    )
    assert camera.malformed == pytest.approx(12 * CAMERA_HZ, abs=2)


@pytest.mark.parametrize("followed", [True, False])
def test_a_clock_that_is_put_back_alone_costs_what_comes_after_it(tmp_path, followed):
    put_back_s, at_s, end_s = 2.0, 4.0, 19.0
    script = Script()
    script.joints(end_s)
    script.camera(end_s)
    for at, topic, _, message in script.said:
        if at >= (at_s if topic == "/camera/image_raw" else 12.0 if followed else end_s):
            message.header.stamp.sec -= round(put_back_s)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == (2 + 4 if followed else 2)
    for episode in episodes:
        for picture, time_s in zip(episode.images["camera"], times_of(episode), strict=True):
            small = cv2.resize(picture_at(time_s), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            assert np.abs(picture.astype(int) - small).max() <= 3
    joints = report.topics["joints"]
    assert joints.reason.endswith(
        "time of /camera/image_raw restarted, expected that of /joint_states to restart"
    )
    assert joints.malformed == pytest.approx(100 * ((12.0 if followed else end_s) - at_s - 1.0), abs=2)
    lost = report.dropped_s()["no message of joints since time restarted"]
    assert lost == pytest.approx((12.0 if followed else end_s) - at_s, abs=0.15)
    assert report.duration_s == pytest.approx(end_s, abs=1.3)  # the second that joints went on counts twice
