# SPDX-License-Identifier: Apache-2.0
"""What the robot can need fits with room to spare; what it cannot is not decoded."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_to_ros
from ami_ros.ros.wire.message_limits import (
    image_limit,
    proposal_limit,
    report_limit,
    vector_limit,
    within,
)
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros, trajectory_to_ros
from ami_ros.types import Trajectory

SPEC = load_robot("panda")
JOINTS = len(SPEC.joint_names)


def size(message) -> int:
    return len(serialize_message(message))


def test_what_the_robot_sends_fits():
    names = [f"a_robot_with_a_rather_long_prefix/{name}" for name in SPEC.joint_names]
    assert 2 * size(joints_to_ros(names, SPEC.home, SPEC.home, 1)) < vector_limit(
        SPEC.sensors["joints"], SPEC.simulation.held
    )
    times = np.arange(500, dtype=np.int64) * 10_000_000
    plan = Trajectory(SPEC.joint_names, np.tile(SPEC.home, (500, 1)), times, 1)
    assert size(trajectory_to_ros(plan)) < proposal_limit(SPEC)
    terms = {f"a term of the cost, number {number}": 0.123456789 for number in range(20)}
    status = GoalStatus(
        GoalState.STUCK,
        "why " * 100,
        "goal",
        ("camera",),
        1,
        2,
        0.1,
        0.2,
        terms,
        "hold",
        1.0,
        0.3,
        0.4,
        terms,
    )
    assert 4 * size(status_to_ros(status, "robot")) < report_limit()
    image = np.zeros((48, 64, 3), dtype=np.uint8)
    assert size(image_to_ros(image, 1, "camera_optical_frame")) < image_limit(48 * 64)


def test_what_no_robot_sends_does_not():
    limit = vector_limit(SPEC.sensors["joints"], SPEC.simulation.held)
    assert limit < 10_000, "and it is decoded in no time"
    assert size(joints_to_ros([f"joint_{i}" for i in range(500)], np.zeros(500), np.zeros(500), 1)) > limit


@pytest.mark.parametrize("excess", [0, 1])
def test_only_messages_within_the_limit_are_decoded(excess):
    heard, larger = [], []
    data = serialize_message(JointState(name=["elbow"]))
    within(len(data) - excess, JointState, heard.append, larger.append)(data)
    assert [message.name for message in heard] == [["elbow"]] * (1 - excess)
    assert larger == [len(data)] * excess
