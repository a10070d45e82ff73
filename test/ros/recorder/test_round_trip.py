# SPDX-License-Identifier: Apache-2.0
"""From a moving robot through DDS, the recorder and the import to episodes that say what happened."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pybullet", reason="the simulator is not installed")
from observed import observed
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.known import meaning_of
from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.recordings.importing import import_
from ami_ros.data.bags.bag import Bag
from ami_ros.data.episode import list_episodes, read_episode
from ami_ros.data.importing.import_report import PLOT_FILE, REPORT_FILE
from ami_ros.ros.wire.messages import (
    image_from_ros,
    joints_from_ros,
    joints_to_ros,
    stamp_to_ns,
    trajectory_to_ros,
)
from ami_ros.ros.wire.qos import LATCHED, STATE

SIDE, STEPS, EPISODES = 64, 10, 2  # the side is the model's
SPEC = load_robot("panda", "reach")
STILL = np.zeros((16, 16, 3), np.uint8)


class Wave:
    """Leads the tip about the middle of its box, and remembers what it saw and asked for, by the stamp of the joints."""

    def __init__(self, probe) -> None:
        self.asked: dict[int, np.ndarray] = {}
        self.pictures: dict[int, np.ndarray] = {}
        self.joints: dict[int, np.ndarray] = {}
        self._meaning, self._kinematics = meaning_of(SPEC), Kinematics(SPEC)
        self._proposals = probe.node.create_publisher(JointTrajectory, "planner/proposed", STATE)
        probe.node.create_subscription(JointState, "joint_states", self._on_joints, 50)
        probe.node.create_subscription(Image, "camera/image_raw", self._on_image, 50)

    def _on_joints(self, message: JointState) -> None:
        position, _ = joints_from_ros(message, SPEC.joint_names, SPEC.simulation.hold_joints)
        self.joints[stamp_to_ns(message.header.stamp)] = position

    def _on_image(self, message: Image) -> None:
        stamp_ns = stamp_to_ns(message.header.stamp)
        self.pictures[stamp_ns] = image_from_ros(message)
        if not self.joints:
            return
        joints = self.joints[max(self.joints)]
        tip = self._kinematics.forward(joints)[0]
        target = SPEC.workspace.mean(axis=0) + 0.08 * np.sin(0.3 * len(self.asked) + np.arange(3))
        action = np.clip(3.0 * (target - tip), -0.3, 0.3)
        seen = observed(STILL, joints, stamp_ns, max(self.joints))
        proposal = self._meaning.proposal(np.tile(action, (4, 1, 1)), seen)
        self.asked[proposal.stamp_ns] = action
        self._proposals.publish(trajectory_to_ros(proposal))


def test_episodes_are_what_the_robot_showed_said_and_was_asked(start, probe, tmp_path, capsys):
    start("sim")
    start("safety")
    goal = joints_to_ros(SPEC.joint_names, SPEC.home, 0.0 * SPEC.home, 7)
    probe.node.create_publisher(JointState, "planner/goal_joints", LATCHED).publish(goal)
    recorder = start("recorder", out=str(tmp_path / "bag"))
    wave = Wave(probe)

    def commands() -> int:
        files = list((tmp_path / "bag").glob("*.mcap"))
        topic = f"/{SPEC.output.topic}"
        return sum(m.topic == topic for m in Bag(tmp_path / "bag").messages()) if files else 0

    probe.until(lambda: len(wave.asked) > 30 and commands() > 100 * STEPS * 0.1 * EPISODES, "motion")
    probe.spin(2.5)
    assert recorder.terminate(20.0) == 0

    with AnyReader([tmp_path / "bag"]) as reader:  # of others
        raw = {it.topic: data for it, _, data in reader.messages()}
        assert reader.topics["/planner/goal_joints"].msgcount == 1, "it was latched before"
        assert reader.message_count == len(list(Bag(tmp_path / "bag").messages()))
        told = reader.deserialize(raw["/planner/goal_joints"], "sensor_msgs/msg/JointState")
    assert deserialize_message(raw["/planner/goal_joints"], JointState) == goal
    assert told.header.stamp.nanosec == 7 and {"/safety/verdict", "/safety/estop_pressed"} <= set(raw)

    import_([tmp_path / "bag"], "panda", "reach", tmp_path / "data", episode_steps=STEPS)
    report = json.loads((tmp_path / "data" / REPORT_FILE).read_text())
    assert report["actions_from"] == "proposals" and report["problems"] == []
    assert report["episodes"] >= EPISODES and report["topics"]["camera"]["malformed"] == 0
    assert (tmp_path / "data" / PLOT_FILE).read_bytes().startswith(b"\x89PNG")
    assert f"{report['episodes']} episodes. Next: ami-ros train --robot panda" in capsys.readouterr().out
    small = {
        cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).tobytes(): stamp_ns
        for stamp_ns, picture in wave.pictures.items()
    }
    told, stamps = np.array(list(wave.joints.values())), np.array(list(wave.joints))
    asked = np.array(list(wave.asked.values()))
    for episode in map(read_episode, list_episodes(tmp_path / "data")):
        times = np.array([small[picture.tobytes()] for picture in episode.images["camera"]])
        expected = np.array([np.interp(times, stamps, column) for column in told.T]).T
        np.testing.assert_allclose(episode.vectors["joints"][:, :7], expected, atol=1e-3)
        nearest = np.abs(np.array(list(wave.asked))[None] - times[:-1, None]).argmin(axis=1)
        error = np.sqrt(np.mean((episode.actions - asked[nearest]) ** 2))
        assert error < 0.03 * np.sqrt(np.mean(asked[nearest] ** 2))
