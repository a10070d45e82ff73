# SPDX-License-Identifier: Apache-2.0
"""The recorded topics of a robot: its sensors, goals, proposals, verdicts and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Bool, String
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.recordings.importing.roles import usual_topics
from ami_ros.ros.wire.commands import message_type
from ami_ros.ros.wire.goals import goal_type
from ami_ros.ros.wire.message_fields import type_name
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type


class RecordedTopic(NamedTuple):
    """A topic by its name in the code, and its message class.

    Attributes:
        streams: a sensor: the next message replaces a lost one, and no resend is requested, so that
            recording takes nothing from the control nodes.
    """

    name: str
    kind: Any
    streams: bool = False

    @property
    def type_name(self) -> str:
        """As in sensor_msgs/msg/Image."""
        return type_name(self.kind)


def recorded_topics(spec: RobotSpec, sim_time: bool, thoughts: bool = False) -> list[RecordedTopic]:
    """Return all recorded topics of this robot, each once.

    Args:
        spec: the robot.
        sim_time: also the clock.
        thoughts: also what the planner shows to those who watch it, which it then computes.
    """
    topics = [RecordedTopic("/clock", Clock, streams=True)] if sim_time else []
    for image in spec.images:
        topics.append(RecordedTopic(image.topic, Image, streams=True))
        topics.append(RecordedTopic(image.topic + COMPRESSED, CompressedImage, streams=True))
    topics += [RecordedTopic(vector.topic, vector_type(vector), streams=True) for vector in spec.vectors]
    goals = goal_topics(spec, "planner", with_memory=True).values()
    topics += [RecordedTopic(goal.name, goal_type(goal)) for goal in goals]
    topics += [
        RecordedTopic("planner/proposed", JointTrajectory),
        RecordedTopic("planner/goal_status", DiagnosticArray),
        RecordedTopic("safety/verdict", DiagnosticArray),
        RecordedTopic("safety/restrictions", DiagnosticArray),
        RecordedTopic("safety/estop_pressed", Bool),
        RecordedTopic("estop", Bool),
        RecordedTopic("estop_relay", String),
        *(RecordedTopic(one.output.topic, message_type(one.output.of)) for one in spec.outputs),
    ]
    if thoughts:
        topics.append(RecordedTopic("planner/plan_markers", MarkerArray, streams=True))
        topics.append(RecordedTopic("planner/imagination", Image, streams=True))
    return list({topic.name: topic for topic in topics}.values())


def imported_topics(spec: RobotSpec) -> dict[str, tuple[str, ...]]:
    """Return where an import looks for each role: see `roles_of`. A camera's raw pictures come first."""
    cameras = {image.name for image in spec.images}
    return {
        role: (topic, topic + COMPRESSED) if role in cameras else (topic,)
        for role, topic in usual_topics(spec).items()
    }


def offered(profiles: Sequence[QoSProfile]) -> tuple[dict[str, Any], ...]:
    """Return the publishers' offers in the words of rosbag2. Source: rosbag2_storage/qos.cpp, version 9."""
    return tuple(
        {
            "history": profile.history.name.lower(),
            "depth": profile.depth,
            "reliability": profile.reliability.name.lower(),
            "durability": profile.durability.name.lower(),
            "deadline": _duration(profile.deadline.nanoseconds),
            "lifespan": _duration(profile.lifespan.nanoseconds),
            "liveliness": profile.liveliness.name.lower(),
            "liveliness_lease_duration": _duration(profile.liveliness_lease_duration.nanoseconds),
            "avoid_ros_namespace_conventions": profile.avoid_ros_namespace_conventions,
        }
        for profile in profiles
    )


def _duration(nanoseconds: int) -> dict[str, int]:
    sec, nsec = divmod(nanoseconds, 10**9)
    return {"sec": sec, "nsec": nsec}
