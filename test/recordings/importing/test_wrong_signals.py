# SPDX-License-Identifier: Apache-2.0
"""Recordings that are wrong: what contradicts itself is not used, and is reported."""

from __future__ import annotations

import dataclasses
import math
import resource

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from bodies.yaml_bodies import process_body
from recorded import (
    BEGIN_S,
    CAMERA_HZ,
    IMAGE,
    JOINT_STATE,
    KIND,
    TRUST,
    Script,
    image,
    imported,
    joint_state,
    joints_at,
    picture_at,
    times_of,
    usual,
    velocity_at,
)

from ami_ros.body.robot_spec import load_robot
from ami_ros.recordings.importing.importing import Import, ImportSettings
from ami_ros.recordings.importing.steps import control_steps

END_S = 12.0
FALSE_S = (4.0, 7.0)  # when readings are wrong
LEAPT = "readings of joints that contradict each other"
FROZEN = "readings of joints that repeat to the last bit while the robot moves"
SPEEDS = "velocities of joints that contradict its positions"


def usual_but(change, end_s: float = END_S, commands: bool = True) -> Script:
    """Return a recording whose joint states between FALSE_S are changed."""
    script = Script()
    script.camera(end_s)
    if commands:
        script.commands(end_s)
    for time_s in np.arange(0.0, end_s, 0.01):
        message = joint_state(time_s)
        wrong = FALSE_S[0] <= time_s < FALSE_S[1]
        script.say(time_s, "/joint_states", JOINT_STATE, change(time_s, message) if wrong else message)
    return script


def used_s(report) -> list[tuple[float, float]]:
    return [(span.begin_s, span.end_s) for span in report.used]


def is_left_out(report, begin_s: float = FALSE_S[0], end_s: float = FALSE_S[1], slack_s: float = 0.2) -> bool:
    return all(end <= begin_s + slack_s or begin >= end_s - slack_s for begin, end in used_s(report))


@pytest.mark.quick("0.2-False", "2.0-True")
@pytest.mark.parametrize("same_stamp", [False, True])
@pytest.mark.parametrize("away", [0.2, 2.0])
def test_two_publishers_on_one_joint_topic(tmp_path, away, same_stamp):
    script = usual(END_S)
    for time_s in np.arange(*FALSE_S, 0.01 if same_stamp else 0.02):
        at_s = time_s if same_stamp else time_s + 0.004
        script.say(at_s, "/joint_states", JOINT_STATE, joint_state(at_s, shift=away))
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert is_left_out(report) and episodes
    assert report.dropped_s()[LEAPT] > 2.5
    assert any("do two nodes publish this topic?" in note for note in report.notes)
    for episode in episodes:
        times = times_of(episode)
        np.testing.assert_allclose(episode.vectors["joints"][:, :4], joints_at(times), atol=1e-3)


def test_one_leap_costs_only_what_is_around_it(tmp_path):
    script = usual_but(lambda time_s, message: joint_state(time_s, shift=0.0 if time_s > 4.005 else 1.0))
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert 0.3 < report.dropped_s()[LEAPT] < 1.0 and len(episodes) >= 5


@pytest.mark.parametrize("known_by", ["pictures", "commands"])
def test_joints_that_stay_the_same_to_the_last_bit(tmp_path, known_by):
    stays = joint_state(FALSE_S[0])

    def frozen(time_s, message):
        return dataclasses.replace(stays, header=message.header)

    script = usual_but(frozen, commands=known_by == "commands")
    if known_by == "commands":  # a camera that sees nothing of it
        script.said = [one for one in script.said if one[2] != IMAGE]
        script.camera(END_S, seen=lambda time_s: picture_at(0.0) ^ np.uint8(int(time_s * CAMERA_HZ) % 2))
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert is_left_out(report) and episodes and report.dropped_s()[FROZEN] > 2.0


def test_joints_at_rest_may_repeat_as_long_as_nothing_moves(tmp_path):
    script, rest = Script(), joint_state(0.0)
    rest.velocity = np.zeros(4)
    noise = np.random.default_rng(0)

    def seen(time_s):
        dark = picture_at(0.0).astype(int) + noise.integers(-6, 7, picture_at(0.0).shape)
        return dark.clip(0, 255).astype(np.uint8)

    script.camera(6.0, seen=seen)
    for time_s in np.arange(0.0, 6.0, 0.01):
        header = joint_state(time_s).header
        script.say(time_s, "/joint_states", JOINT_STATE, dataclasses.replace(rest, header=header))
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 3 and FROZEN not in report.dropped_s()


@pytest.mark.parametrize("factor", [math.degrees(1.0), -1.0, 50.0, 0.0])
def test_velocities_that_contradict_positions(tmp_path, factor):
    def wrong(time_s, message):
        return dataclasses.replace(message, velocity=message.velocity * factor)

    report, episodes = imported(usual_but(wrong, 30.0).write(tmp_path / "bag"), tmp_path / "data")
    assert is_left_out(report, slack_s=0.8) and episodes and report.dropped_s()[SPEEDS] > 2.0
    assert any("velocities contradict positions (joint_" in note for note in report.notes)


def test_velocities_of_one_joint_that_contradict_its_positions(tmp_path):
    def wrong(time_s, message):  # joint_d moves least: over all joints together it would not show
        turned = np.array([-1.0 if name == "joint_d" else 1.0 for name in message.name])
        return dataclasses.replace(message, velocity=message.velocity * turned)

    report, _ = imported(usual_but(wrong, 30.0).write(tmp_path / "bag"), tmp_path / "data")
    assert is_left_out(report, slack_s=0.8) and any("(joint_d:" in note for note in report.notes)


def test_velocities_that_are_zero_all_the_time_count_as_missing(tmp_path):
    script = Script()
    script.camera(6.0)
    for time_s in np.arange(0.0, 6.0, 0.01):
        message = dataclasses.replace(joint_state(time_s), velocity=np.zeros(4))
        script.say(time_s, "/joint_states", JOINT_STATE, message)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 3 and SPEEDS not in report.dropped_s()


def test_a_camera_whose_size_changes(tmp_path):
    script = usual(END_S)
    for index, (arrival_s, topic, kind, message) in enumerate(script.said):
        if kind == IMAGE and FALSE_S[0] <= arrival_s < FALSE_S[1]:
            narrow = np.ascontiguousarray(picture_at(arrival_s - 0.003)[:, ::2])
            made = dataclasses.replace(image(0.0, narrow), header=message.header)
            script.said[index] = (arrival_s, topic, kind, made)
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    health = report.topics["camera"]
    assert is_left_out(report) and episodes and report.dropped_s()["a gap in camera"] > 2.5
    assert health.malformed == round((FALSE_S[1] - FALSE_S[0]) * CAMERA_HZ)
    assert "got 24x40 px, expected 48x40" in health.reason


def test_stamps_of_zero_are_reported(tmp_path):
    script = usual(6.0)
    zero = KIND["std_msgs/msg/Header"](KIND["builtin_interfaces/msg/Time"](0, 0), "")
    script.said = [
        (at, topic, kind, dataclasses.replace(message, header=zero) if kind == IMAGE else message)
        for at, topic, kind, message in script.said
    ]
    report, _ = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    count = report.topics["camera"].messages
    assert any(f"camera: {count} of {count} messages have a stamp of zero" in note for note in report.notes)


@pytest.mark.parametrize("ahead_s", [BEGIN_S - 1000.0, 7200.0])
@pytest.mark.parametrize("camera_hz", [10.0, 30.0])
def test_a_clock_that_was_set_ahead_takes_no_memory(tmp_path, ahead_s, camera_hz):
    """As after a boot without a clock of its own, until the network says what time it is."""
    script = Script()
    script.joints(8.0)
    script.camera(8.0, hz=camera_hz)

    def early(message):
        stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec - round(ahead_s * 1e9)
        stamp = KIND["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
        return dataclasses.replace(message, header=dataclasses.replace(message.header, stamp=stamp))

    script.said = [
        (at, topic, kind, early(message) if at < 4.0 else message) for at, topic, kind, message in script.said
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report, episodes = imported(script.write(tmp_path / "bag"), tmp_path / "data")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
    assert len(episodes) == 4 and report.duration_s < 10.0
    assert any("a clock that was set" in note for note in report.notes)


def test_a_long_pause_without_a_camera_takes_no_memory_either(tmp_path):
    spec = load_robot(str(process_body(tmp_path)))
    script = Script()
    for sensor in spec.vectors:
        for begin_s in (0.0, 3000.0):
            for time_s in np.arange(begin_s, begin_s + 40.0, 0.5):
                layout = KIND["std_msgs/msg/MultiArrayLayout"]([], 0)
                message = KIND["std_msgs/msg/Float64MultiArray"](
                    layout, np.full(len(sensor.names), time_s % 7)
                )
                script.say(time_s, f"/{sensor.topic}", "std_msgs/msg/Float64MultiArray", message)
    work = Import(spec, [script.write(tmp_path / "bag")], ImportSettings(8, 6, TRUST))
    work.read()
    steps = control_steps(spec, work.signals, TRUST)
    assert len(steps.times) * spec.step_ns / 1e9 < 100.0
    across = np.flatnonzero(np.diff(steps.times) > 10**12)
    assert len(across) == 1 and steps.reasons[across[0]].startswith("a gap in ")


@pytest.mark.parametrize("wrong", ["frozen", "velocity", "leap"])
def test_odometry_that_contradicts_itself(tmp_path, wrong):
    spec = load_robot("husky")
    script, yaw, x, y = Script(), 0.0, 0.0, 0.0
    odometry, hz = KIND["nav_msgs/msg/Odometry"], 50.0
    held = None
    for index in range(int(20.0 * hz)):
        time_s = index / hz
        vx, wz = 0.3 + 0.1 * math.sin(time_s), 0.4 * math.sin(0.7 * time_s)
        yaw += wz / hz
        x, y = x + vx * math.cos(yaw) / hz, y + vx * math.sin(yaw) / hz
        here = (x, y, yaw)
        false = 8.0 <= time_s < 12.0
        if false and wrong == "frozen":
            held = held or here
            here = held
        if false and wrong == "leap" and index % 2:
            here = (x + 3.0, y, yaw)
        told = -vx if false and wrong == "velocity" else vx
        script.say(time_s, "/odom", "nav_msgs/msg/Odometry", _odometry(odometry, time_s, here, told, wz))
        if index % 10 == 0:
            dots = np.zeros((48, 48, 3), np.uint8)
            column = int(40.0 * x) % 40
            dots[10:30, column : column + 8] = 200
            script.say(time_s + 0.001, "/camera/image_raw", IMAGE, image(time_s + 0.001, dots))
    work = Import(spec, [script.write(tmp_path / "bag")], ImportSettings(8, 6, TRUST))
    work.read()
    cut = work.cut()
    assert cut.begins, work.report.dropped_s()
    report = work.report
    reasons = {
        "frozen": "repeat to",
        "velocity": "velocities of",
        "leap": "contradict each other",
    }
    assert any(reasons[wrong] in reason for reason in report.dropped_s()), report.dropped_s()
    assert is_left_out(report, 8.0, 12.0, 0.6)


def _odometry(odometry, time_s, pose, vx, wz):
    vector, point = KIND["geometry_msgs/msg/Vector3"], KIND["geometry_msgs/msg/Point"]
    turn = KIND["geometry_msgs/msg/Quaternion"](0.0, 0.0, math.sin(pose[2] / 2), math.cos(pose[2] / 2))
    place = KIND["geometry_msgs/msg/Pose"](point(pose[0], pose[1], 0.0), turn)
    motion = KIND["geometry_msgs/msg/Twist"](vector(vx, 0.0, 0.0), vector(0.0, 0.0, wz))
    nothing = np.zeros(36)
    return odometry(
        joint_state(time_s).header,
        "base_link",
        KIND["geometry_msgs/msg/PoseWithCovariance"](place, nothing),
        KIND["geometry_msgs/msg/TwistWithCovariance"](motion, nothing),
    )


def test_honest_recordings_are_used_as_before(tmp_path):
    report, episodes = imported(usual(END_S).write(tmp_path / "bag"), tmp_path / "data")
    assert len(episodes) == 7 and report.notes == []
    assert not {LEAPT, FROZEN, SPEEDS} & set(report.dropped_s())
    assert np.abs(velocity_at(np.arange(0.0, 6.0, 0.1))).max() > 0.3
