# SPDX-License-Identifier: Apache-2.0
"""Recordings become episodes that say what happened, and whatever is wrong with them is told."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
import cv2
from recorded import (
    BEGIN_S,
    DIAGNOSTICS,
    IMAGE,
    JOINT_STATE,
    SIDE,
    STEP_S,
    STEPS,
    STRING,
    TRAJECTORY,
    Script,
    image,
    imported,
    joint_robot,
    joint_state,
    joints_at,
    picture_at,
    times_of,
    trajectory,
    usual,
    velocity_at,
    verdict,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from ami_ros.errors import ConfigError, EpisodeError
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.recordings.bags.bag_writer import METADATA_FILE

SPEC = joint_robot()


def test_episodes_say_what_happened(tmp_path):
    report, episodes = imported(usual(6.5).write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == report.episodes == 4 and report.used_s == pytest.approx(4 * STEPS * STEP_S)
    assert report.used_s + sum(report.dropped_s().values()) == pytest.approx(report.duration_s, abs=0.05)
    assert report.actions_from == "commands" and report.actions_known["commands"] > 0.98
    assert report.problems == [] and report.notes == []
    for episode in episodes:
        times = times_of(episode)
        np.testing.assert_allclose(np.diff(times), STEP_S, atol=0.035)  # the camera has a picture each 33 ms
        np.testing.assert_allclose(episode.vectors["joints"][:, :4], joints_at(times), atol=1e-3)
        moved = np.diff(joints_at(times)[:, [1, 3]], axis=0) / np.diff(times)[:, None]
        np.testing.assert_allclose(episode.actions, moved, atol=0.02)
        for picture, time_s in zip(episode.images["camera"], times, strict=True):
            small = cv2.resize(picture_at(time_s), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            assert np.abs(picture.astype(int) - small).max() <= 3
    assert abs(report.offsets["camera"].late_s) < 0.005 and report.offsets["camera"].sure
    health = report.topics["joints"]
    assert health.rate_hz == pytest.approx(100.0, rel=1e-3) and health.gaps == [] and health.malformed == 0
    with pytest.raises(EpisodeError, match="holds episodes"):
        imported(tmp_path / "bag", tmp_path / "data")


def test_the_first_of_what_was_recorded_can_be_used_alone(tmp_path):
    bag = usual(6.5).write(tmp_path / "bag")
    _, all_of_it = imported(bag, tmp_path / "data")
    first_s = 2.5 * STEPS * STEP_S  # two episodes, and half of one
    report, episodes = imported(bag, tmp_path / "first", first_s=first_s)
    assert len(episodes) == 2 and report.used_s == pytest.approx(2 * STEPS * STEP_S)
    assert report.dropped_s()["beyond the requested time"] == pytest.approx(6.5 - first_s, abs=0.2)
    for one, other in zip(episodes, all_of_it, strict=False):
        np.testing.assert_array_equal(one.images["camera"], other.images["camera"])
        np.testing.assert_array_equal(one.actions, other.actions)


@pytest.mark.parametrize("camera_hz", [12.0, 15.0])
def test_a_camera_that_is_a_little_faster_makes_steps_no_shorter(tmp_path, camera_hz):
    script = Script()
    script.joints(8.0)
    script.camera(8.0, hz=camera_hz)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 5 and report.notes == []
    for episode in episodes:
        times = times_of(episode)
        assert times[-1] - times[0] == pytest.approx(STEPS * STEP_S, abs=1 / camera_hz)


def test_motion_tells_actions_where_nothing_else_does(tmp_path):
    script = Script()
    script.joints(5.0)
    script.camera(5.0, begin_s=0.4, packed=True, topic="/arm/camera/image_raw/compressed", hz=10.0)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert (report.actions_from, len(episodes)) == ("motion", 3)
    assert report.dropped_s()["some sensors had not reported yet"] == pytest.approx(0.403, abs=0.001)
    for episode in episodes:
        times = times_of(episode)
        np.testing.assert_allclose(np.diff(times), STEP_S, atol=0.002)
        np.testing.assert_allclose(
            episode.actions, velocity_at(times[:-1] + STEP_S / 2)[:, [1, 3]], atol=0.02
        )
    with pytest.raises(EpisodeError, match=r"actions from commands: .* expected one of \['motion'\]"):
        imported(tmp_path / "bag", tmp_path / "other", actions="commands")


@pytest.mark.parametrize(("camera_s", "joints_s", "ended"), [(4.0, 9.0, "camera"), (9.0, 4.0, "joints")])
def test_what_comes_after_a_sensor_has_ended_is_told(tmp_path, camera_s, joints_s, ended):
    script = Script()
    script.joints(joints_s)
    script.camera(camera_s)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 2 and report.duration_s == pytest.approx(9.0, abs=STEP_S)
    assert report.dropped_s()[f"{ended} had ended"] == pytest.approx(5.0, abs=2 * STEP_S)
    assert report.dropped[-1].end_s == pytest.approx(9.0, abs=STEP_S)


def test_late_stamps_are_told_and_corrected_if_asked_for(tmp_path):
    late_s = 0.083
    bag = usual(10.0, late_s).write(tmp_path / "bag")
    report, episodes = imported(bag, tmp_path / "data")
    offset = report.offsets["camera"]
    assert offset.late_s == pytest.approx(late_s, abs=0.004) and offset.sure and not report.corrected

    def misfit(episodes) -> float:
        gaps = []
        for episode in episodes:
            for picture, time_s in zip(episode.images["camera"], times_of(episode), strict=True):
                small = cv2.resize(picture_at(time_s), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
                gaps.append(np.abs(picture.astype(int) - small).mean())
        return float(np.mean(gaps))

    report, corrected = imported(bag, tmp_path / "corrected", correct_offset=True)
    assert report.corrected and misfit(corrected[:2]) < 0.2 * misfit(episodes[:2])


def damaged() -> Script:
    """Return a recording with one of everything."""
    script = Script()
    script.joints(4.0)
    script.joints(10.0, begin_s=4.4)  # a gap of the joints
    script.camera(6.0)
    frozen = picture_at(6.0)
    script.camera(7.2, begin_s=6.0, seen=lambda time_s: frozen)
    script.camera(10.0, begin_s=7.2)
    script.say(1.0, "/camera/image_raw", IMAGE, image(1.003, picture_at(0.0)))  # a stamp twice
    script.say(2.5, "/joint_states", JOINT_STATE, joint_state(2.401))  # out of order
    script.say(3.0, "/joint_states", JOINT_STATE, joint_state(3.0002, names=["joint_a", "finger"]))
    script.say(3.1, "/joint_states", JOINT_STATE, joint_state(3.1002, shift=np.nan))
    script.say(3.2, "/camera/image_raw", IMAGE, image(3.2002, picture_at(0.0), encoding="smoke"))
    return script


def test_what_is_wrong_is_told_and_left_out(tmp_path):
    report, episodes = imported(damaged().write(tmp_path / "bag"), tmp_path / "data")
    joints, camera = report.topics["joints"], report.topics["camera"]
    assert (joints.malformed, camera.malformed) == (2, 1)
    assert "joint state: got ['joint_a', 'finger']" in joints.reason and "'smoke'" in camera.reason
    assert (joints.out_of_order, camera.duplicates) == (1, 1)
    ((begin_s, length_s),) = joints.gaps
    assert (begin_s, length_s) == pytest.approx((3.99, 0.41), abs=0.001)
    assert 35 <= camera.identical <= 37
    lost = report.dropped_s()
    assert lost["a gap in joints"] == pytest.approx(0.5, abs=0.15)
    assert lost["a frozen picture of camera while the robot moved"] == pytest.approx(1.1, abs=0.25)
    assert len(episodes) >= 3
    for episode in episodes:
        np.testing.assert_allclose(np.diff(times_of(episode)), STEP_S, atol=0.04)
    with pytest.raises(EpisodeError, match=r"got no usable message of \['camera'\]: camera: image encoding"):
        script = Script()
        script.joints(1.0)
        script.say(0.5, "/camera/image_raw", IMAGE, image(0.5, picture_at(0.0), encoding="smoke"))
        imported(script.write(tmp_path / "blind"), tmp_path / "nothing")


@pytest.mark.parametrize(("silent_s", "is_gap"), [(0.8 * STEP_S, False), (1.5 * STEP_S, True)])
def test_joints_in_bursts_have_gaps_only_where_they_are_silent_for_more_than_a_step(
    tmp_path, silent_s, is_gap
):
    script = Script()
    script.camera(6.0)
    for begin_s in np.arange(0.0, 6.0, 0.3):
        script.joints(begin_s + 0.3 - silent_s + 0.01, begin_s=begin_s)
    report, _ = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert bool(report.topics["joints"].gaps) == is_gap == ("a gap in joints" in report.dropped_s())


@pytest.mark.parametrize("how", ["sqlite", "messages", "cut off", "file", "mcap", "#1? 50%20"])
def test_bags_of_another_program_in_all_their_kinds(tmp_path, how):
    plugin = StoragePlugin.MCAP if how == "mcap" else StoragePlugin.SQLITE3
    writer = Writer(tmp_path / "bag", version=9, storage_plugin=plugin)
    if how in ("messages", "cut off", "file"):
        mode = CompressionMode.FILE if how == "file" else CompressionMode.MESSAGE
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connections: dict = {}
        for topic, kind, log_ns, data in usual(3.2).messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=types())
            writer.write(connections[topic], log_ns, data)
    bag = tmp_path / "bag"
    if how == "cut off":  # what is written last is not there
        (bag / METADATA_FILE).unlink()
    elif how.startswith("#"):
        bag = bag.rename(tmp_path / how)
    _, expected = imported(usual(3.2).write(tmp_path / "ours"), tmp_path / "expected")
    report, episodes = imported(bag, tmp_path / "data")
    assert report.problems == [] and len(episodes) == len(expected) == 2
    for got, wanted in zip(episodes, expected, strict=True):
        np.testing.assert_array_equal(got.vectors["joints"], wanted.vectors["joints"])
        np.testing.assert_array_equal(got.actions, wanted.actions)
        np.testing.assert_array_equal(got.images["camera"], wanted.images["camera"])


def test_a_truncated_bag_gives_what_is_readable_and_says_so(tmp_path):
    (path,) = usual(6.0).write(tmp_path / "bag", "none").glob("*.mcap")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    report, episodes = imported(tmp_path / "bag", tmp_path / "data")
    assert len(episodes) == 2
    assert len(report.problems) == 1 and "cut off" in report.problems[0]


def test_time_that_begins_again_is_another_run(tmp_path):
    first, second = usual(1.8), usual(1.8)
    again = [(at + 60.0, *rest) for at, *rest in second.said]  # arrives later, with the same stamps
    bag = Script(first.said + again).write(tmp_path / "bag")
    report, episodes = imported(bag, tmp_path / "data")
    assert len(episodes) == 2 and "time restarts 1 times" in report.notes[0]
    assert report.topics["joints"].out_of_order == 0 and report.topics["joints"].gaps == []
    assert report.duration_s == pytest.approx(3.4, abs=0.2) and sum(report.dropped_s().values()) < 0.5
    other = usual(1.8).write(tmp_path / "other")
    _, both = imported([bag, other], tmp_path / "both")
    assert len(both) == 3
    report, episodes = imported(bag, tmp_path / "most", first_s=1.8 + STEPS * STEP_S)  # no time lies between
    assert len(episodes) == 2 and report.duration_s == pytest.approx(3.4, abs=0.2)


@pytest.mark.parametrize("by_arrival", [False, True])
def test_proposals_tell_actions_where_the_gate_let_them_pass(tmp_path, by_arrival):
    asked = np.random.default_rng(3).uniform(-0.4, 0.4, (60, 2))
    script = Script()
    script.joints(6.0)
    script.camera(6.0, hz=10.0)
    names = SPEC.joint_names
    for step, action in enumerate(asked):
        now = step * STEP_S + 0.003
        points = joints_at(now)[None] + np.outer(np.arange(3) * STEP_S, [0.0, action[0], 0.0, action[1]])
        script.say(now + 0.02, "/planner/proposed", TRAJECTORY, trajectory(now, names, points, [0, 0.1, 0.2]))
        level = "HOLD" if step in (20, 21, 22) else "LIMITED"
        script.say(now + 0.03, "/safety/verdict", DIAGNOSTICS, verdict(now + 0.03, level, now))
    script.say(4.81, "/safety/verdict", DIAGNOSTICS, verdict(4.81, "STOP"))
    bag = script.write(tmp_path / "bag")
    report, episodes = imported(bag, tmp_path / "data", by_arrival=by_arrival)
    assert report.actions_from == "proposals" and len(episodes) == 2
    # The proposal before the three that were refused goes on for a step; then two are not known.
    for episode, begin in zip(episodes, (0, 23), strict=True):
        assert times_of(episode)[0] == pytest.approx(begin * STEP_S + 0.003, abs=0.002)
        np.testing.assert_allclose(episode.actions, asked[begin : begin + STEPS], atol=1e-5)
    assert report.dropped_s()["no action in proposals"] == pytest.approx(1.4, abs=0.11)


def test_topics_are_found_by_name_or_told(tmp_path):
    script = Script()
    script.joints(4.0, topic="/left/joint_states")
    script.joints(4.0, topic="/right/joint_states", shift=0.1)
    script.camera(4.0, topic="/front/picture")
    script.say(0.0, "/words", STRING, types().types[STRING]("hello"))
    bag = script.write(tmp_path / "bag")

    def refused(**topics: str) -> str:
        with pytest.raises(ConfigError) as error:
            imported(bag, tmp_path / "data", topics=topics)
        return str(error.value)

    assert "['/left/joint_states', '/right/joint_states'] for joint_states, expected one" in refused()
    missing = refused(joints="/left/joint_states")
    assert "no topic of ['camera'], expected camera: camera/image_raw (sensor_msgs/msg/Image or " in missing
    assert "/front/picture (sensor_msgs/msg/Image, 120 messages)" in missing
    assert "got /nowhere, expected one of: /front/picture" in refused(camera="/nowhere")
    assert "/words has std_msgs/msg/String, expected sensor_msgs/msg/JointState" in refused(joints="words")
    assert "got ['nose'], expected some of ['camera', 'joints', 'commands'" in refused(nose="/words")
    told = {"camera": "front/picture", "joints": "/left/joint_states"}
    report, episodes = imported(bag, tmp_path / "data", topics=told)
    assert len(episodes) == 2 and report.topics["camera"].topic == "/front/picture"


def test_stamps_without_anything_in_common_need_the_arrival(tmp_path):
    script = Script()
    script.joints(4.0)
    script.camera(4.0)
    elsewhere = BEGIN_S / 2
    for at, topic, _, message in script.said:
        if topic == "/camera/image_raw":
            message.header.stamp.sec -= int(elsewhere)
            assert at < 4.1
    bag = script.write(tmp_path / "bag")
    with pytest.raises(EpisodeError, match=r"no time in common by their stamps: camera .* --by-arrival"):
        imported(bag, tmp_path / "data")
    _, episodes = imported(bag, tmp_path / "data", by_arrival=True)
    assert len(episodes) == 2
