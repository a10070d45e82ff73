# SPDX-License-Identifier: Apache-2.0
"""Messages of goals: each kind names its own, or takes that of the sensor; a new kind is recorded as well."""

from __future__ import annotations

from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import Image, JointState
from share_goal import ShareGoal
from std_msgs.msg import Float64MultiArray, String

from ami_ros.body.goals import kinds
from ami_ros.body.goals.kinds import KINDS, goal_topics
from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.recorder.topics import recorded_topics
from ami_ros.ros.wire.goals import goal_limit, goal_type
from ami_ros.ros.wire.message_limits import image_limit, vector_limit

SPEC = load_robot("panda_wrist", "reach")
PIXELS = 320 * 240


def test_every_kind_has_its_message_and_its_limit(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", [*KINDS, ShareGoal()])
    topics = goal_topics(SPEC, "planner", with_memory=True)
    expected = {
        "camera": (Image, image_limit(PIXELS)),
        "wrist": (Image, image_limit(PIXELS)),
        "joints": (JointState, vector_limit(SPEC.sensors["joints"], SPEC.simulation.held)),
        "pose": (PoseStamped, 1024),
        "name": (String, 65536),
        "share": (Float64MultiArray, 1024),
    }
    found = {name: (goal_type(topic), goal_limit(topic, SPEC, PIXELS)) for name, topic in topics.items()}
    assert found == expected
    recorded = {topic.name: topic.kind for topic in recorded_topics(SPEC, sim_time=False)}
    assert {topic.name: recorded.get(topic.name) for topic in topics.values()} == {
        topics[subject].name: kind for subject, (kind, _) in expected.items()
    }
