# SPDX-License-Identifier: Apache-2.0
"""A robot moves, and is recorded over real DDS: what a kill costs, what episodes say, what a replay shows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pybullet", reason="the simulator is not installed")
from observed import observed
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import Image, JointState
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.recordings.importing import import_
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.evaluation.replayed import RecordedRobot, replay_figures
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_writer import METADATA_FILE
from ami_ros.recordings.importing.import_report import PLOT_FILE, REPORT_FILE
from ami_ros.ros.wire.messages import (
    image_from_ros,
    joints_from_ros,
    joints_to_ros,
    stamp_to_ns,
    trajectory_to_ros,
)
from ami_ros.ros.wire.qos import LATCHED, STATE

SECOND_NS = 10**9
SIDE, STEPS, EPISODES = 64, 10, 2  # the side is the model's
SPEC = load_robot("panda", "reach")
STILL = np.zeros((16, 16, 3), np.uint8)
GOAL = joints_to_ros(SPEC.joint_names, SPEC.home, 0.0 * SPEC.home, 7)


class Wave:
    """Leads the tip about the middle of its box; remembers what it saw and asked for, by stamps, and when."""

    def __init__(self, probe) -> None:
        self.asked: dict[int, np.ndarray] = {}
        self.sent_ns: dict[int, int] = {}
        self.pictures: dict[int, np.ndarray] = {}
        self.joints: dict[int, np.ndarray] = {}
        self._meaning, self._kinematics = meaning_of(SPEC), Kinematics(SPEC)
        self.proposals = probe.node.create_publisher(JointTrajectory, "planner/proposed", STATE)
        probe.node.create_subscription(JointState, "joint_states", self._on_joints, 50)
        probe.node.create_subscription(Image, "camera/image_raw", self._on_image, 50)

    def _on_joints(self, message: JointState) -> None:
        position, _ = joints_from_ros(message, SPEC.joint_names, SPEC.simulation.hold_joints)
        self.joints[stamp_to_ns(message.header.stamp)] = position
        self._propose(stamp_to_ns(message.header.stamp))

    def _on_image(self, message: Image) -> None:
        self.pictures[stamp_to_ns(message.header.stamp)] = image_from_ros(message)
        self._propose(stamp_to_ns(message.header.stamp))

    def _propose(self, stamp_ns: int) -> None:
        if stamp_ns not in self.joints or stamp_ns not in self.pictures or stamp_ns in self.asked:
            return  # not both yet, or asked already: a simulator says some of it again
        joints = self.joints[stamp_ns]
        tip = self._kinematics.forward(joints)[0]
        target = SPEC.workspace.mean(axis=0) + 0.08 * np.sin(0.3 * len(self.asked) + np.arange(3))
        action = np.clip(3.0 * (target - tip), -0.3, 0.3)
        proposal = self._meaning.proposal(np.tile(action, (4, 1, 1)), observed(STILL, joints, stamp_ns))
        self.asked[stamp_ns], self.sent_ns[stamp_ns] = action, time.time_ns()
        self.proposals.publish(trajectory_to_ros(proposal))


def said(folder: Path, topic: str) -> Iterator[bytes]:
    if list(folder.glob("*.mcap")):
        yield from (m.data for m in Bag(folder).messages() if m.topic == topic)


def stamps(folder: Path, topic: str, kind) -> list[int]:
    return [stamp_to_ns(deserialize_message(data, kind).header.stamp) for data in said(folder, topic)]


def test_a_robot_is_recorded_imported_and_replayed(start, probe, tmp_path, capsys, straight_line):
    """In lock-step: what is recorded is the same on a machine that is busy."""
    killed, ended, data = tmp_path / "killed", tmp_path / "ended", tmp_path / "data"
    goals = probe.node.create_publisher(JointState, "planner/goal_joints", LATCHED)
    goals.publish(GOAL)
    victim = start("recorder", out=str(killed), use_sim_time=True)
    recorder = start("recorder", out=str(ended), use_sim_time=True)
    robot = [start("sim", lock_step=True), start("safety", use_sim_time=True)]
    wave = Wave(probe)
    begun = (killed / METADATA_FILE, ended / METADATA_FILE)
    probe.until(lambda: all(path.exists() for path in begun), "recorders")
    probe.until(lambda: wave.proposals.get_subscription_count() == 3, "a gate and two recorders")
    heard = ("safety/verdict", "joint_states", "camera/image_raw")
    probe.until(lambda: all(probe.node.count_subscribers(name) >= 2 for name in heard), "two that record")
    probe.call(SetBool, "sim/pause", data=False)
    probe.until(lambda: len(wave.asked) > STEPS * (EPISODES + 2), "motion", 90.0)
    probe.spin(1.5)

    killed_ns = time.time_ns()  # before: on a busy machine it takes a while until a killed process is gone
    victim.kill()
    probe.call(SetBool, "sim/pause", data=True)  # so that the other one records nothing that is not seen here
    probe.spin(1.0)
    for process in robot:
        process.terminate()
    got = stamps(killed, "/planner/proposed", JointTrajectory)
    due = [stamp for stamp, sent_ns in wave.sent_ns.items() if sent_ns < killed_ns - SECOND_NS]
    assert len(due) > 5 and set(due) <= set(got), "only the last second may be lost"
    assert got == [stamp for stamp in wave.sent_ns if stamp in set(got)]
    assert recorder.terminate(20.0) == 0

    read_by_others(ended)
    episodes_say_what_happened(ended, data, wave, capsys)
    replayed(ended, straight_line, tmp_path)


def read_by_others(folder: Path) -> None:
    with AnyReader([folder]) as reader:
        raw = {it.topic: content for it, _, content in reader.messages()}
        assert reader.topics["/planner/goal_joints"].msgcount == 1, "it was latched before"
        assert reader.message_count == len(list(Bag(folder).messages()))
        told = reader.deserialize(raw["/planner/goal_joints"], "sensor_msgs/msg/JointState")
    assert deserialize_message(raw["/planner/goal_joints"], JointState) == GOAL
    assert told.header.stamp.nanosec == 7
    assert {"/safety/verdict", "/safety/estop_pressed", "/clock", f"/{SPEC.output.topic}"} <= set(raw)


def episodes_say_what_happened(folder: Path, data: Path, wave: Wave, capsys) -> None:
    import_([folder], "panda", "reach", data, episode_steps=STEPS)
    report = json.loads((data / REPORT_FILE).read_text())
    assert report["actions_from"] == "proposals" and report["problems"] == [], report
    assert report["episodes"] >= EPISODES and report["topics"]["camera"]["malformed"] == 0
    assert (data / PLOT_FILE).read_bytes().startswith(b"\x89PNG")
    assert f"{report['episodes']} episodes. Next: ami-ros augment --robot panda" in capsys.readouterr().out
    begins = sorted(stamp for stamp in wave.asked if stamp in wave.pictures)
    told = np.array([wave.joints[stamp] for stamp in begins])
    for episode in map(read_episode, list_episodes(data)):
        runs = np.lib.stride_tricks.sliding_window_view(told, STEPS + 1, axis=0).transpose(0, 2, 1)
        apart = np.abs(runs - episode.vectors["joints"][:, :7]).max(axis=(1, 2))
        assert apart.min() < 1e-6
        moments = begins[apart.argmin() :][: STEPS + 1]
        for picture, stamp_ns in zip(episode.images["camera"], moments, strict=True):
            seen = cv2.resize(wave.pictures[stamp_ns], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            np.testing.assert_array_equal(picture, seen)
        asked = np.array([wave.asked[stamp_ns] for stamp_ns in moments[:-1]])
        np.testing.assert_allclose(episode.actions, asked, atol=0.005)


def replayed(folder: Path, planner: Path, logs: Path) -> None:
    recorded = RecordedRobot(Configuration.load("panda", "reach"), folder, {})
    assert recorded.goals == {"/planner/goal_joints": "joints"}
    heard = recorded.play(Path("none"), 2.0, logs, planner=planner)
    figures = replay_figures(heard)
    passed = figures["verdicts"]["PASS"] + figures["verdicts"]["LIMITED"]
    assert figures["plans"] > 10 and passed > 0.5 * figures["proposals"] > 5, figures
    camera = set(stamps(folder, "/camera/image_raw", Image))
    assert {plan.stamp_ns for plan in heard.plans} <= camera, "it planned from what was recorded"
    last = max(recorded.last_pictures().items())
    assert last[0] == "camera" and last[1].shape == (SPEC.camera.height, SPEC.camera.width, 3)
