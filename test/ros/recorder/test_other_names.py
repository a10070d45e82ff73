# SPDX-License-Identifier: Apache-2.0
"""What a robot calls otherwise than its YAML is recorded, and the command that imports it says where it is."""

from __future__ import annotations

import signal

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from command import Running
from sensor_msgs.msg import Image, JointState

from ami_ros.body.robot_spec import load_robot
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_writer import METADATA_FILE
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros

SPEC = load_robot("panda", "reach")


def test_a_camera_that_is_elsewhere_is_heard_and_told_to_the_import(probe, tmp_path):
    out = tmp_path / "monday"
    camera = probe.node.create_publisher(Image, "/front/image", 10)
    joints = probe.node.create_publisher(JointState, "/left/joint_states", 10)
    remaps = ["-r", "camera/image_raw:=/front/image", "-r", "joint_states:=/left/joint_states"]
    with Running("record", "--robot", "panda", "--out", out, "--ros-args", *remaps) as recording:
        heard_by = camera.get_subscription_count, joints.get_subscription_count
        recording.until(lambda: all(count() for count in heard_by) and (out / METADATA_FILE).exists(), "ears")

        def heard() -> bool:
            camera.publish(image_to_ros(np.zeros((8, 8, 3), np.uint8), 1, "camera"))
            joints.publish(joints_to_ros(SPEC.joint_names, SPEC.home, 0.0 * SPEC.home, 1))
            probe.spin(0.05)
            files = list(out.glob("*.mcap"))
            return bool(files) and len({message.topic for message in Bag(out).messages()}) == 2

        recording.until(heard, "both topics on the disk")
        recording.process.send_signal(signal.SIGINT)
        done = recording.end()
    assert "received nothing" not in done.stderr, done.stderr
    # Joints are found by their name in any namespace.
    wanted = f"ami-ros import {out} --robot panda --task reach --topic camera=/front/image"
    assert wanted in " ".join(done.stdout.split()) and "joints=" not in done.stdout


def test_what_was_not_heard_is_named_as_the_graph_has_it(environment, tmp_path):
    out = tmp_path / "monday"
    remap = "camera/image_raw:=/front/image"
    with Running("record", "--robot", "panda", "--out", out, "--ros-args", "-r", remap) as recording:
        recording.until((out / METADATA_FILE).exists, "a recording")
        recording.process.send_signal(signal.SIGINT)
        done = recording.end()
    assert "received nothing from camera on /front/image" in done.stderr
    assert "received nothing from joints on /joint_states" in done.stderr and "--topic" not in done.stdout
