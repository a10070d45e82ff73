# SPDX-License-Identifier: Apache-2.0
"""The topics of a robot that people watch, and what each of them shows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.recordings.message_values import COMPRESSED

IMAGE, COMPRESSED_IMAGE = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
DIAGNOSTICS = "diagnostic_msgs/msg/DiagnosticArray"


class Shows(Enum):
    """What a topic shows."""

    PICTURE = "what a camera sees"
    GOAL = "the picture to reach"
    IMAGINATION = "what the planner expects to see next"
    JOINTS = "where the arm is"
    PROPOSAL = "where the plan leads"
    TURNED_DOWN = "paths that the planner turned down"
    STATUS = "the planner's numbers and reasons"
    VERDICT = "what the gate decided"


class WatchedTopic(NamedTuple):
    """One topic.

    Attributes:
        name: relative, as the nodes have it.
        type: as in sensor_msgs/msg/Image.
        shows: what it shows.
        subject: name of its sensor; empty for other topics.
        latched: a late subscriber needs the newest message.
    """

    name: str
    type: str
    shows: Shows
    subject: str = ""
    latched: bool = False


def watched_topics(spec: RobotSpec) -> tuple[WatchedTopic, ...]:
    """Return the topics of a robot, each once."""
    found = [
        WatchedTopic("planner/goal_status", DIAGNOSTICS, Shows.STATUS),
        WatchedTopic("safety/verdict", DIAGNOSTICS, Shows.VERDICT),
        WatchedTopic("planner/proposed", "trajectory_msgs/msg/JointTrajectory", Shows.PROPOSAL),
        WatchedTopic("planner/plan_markers", "visualization_msgs/msg/MarkerArray", Shows.TURNED_DOWN),
        WatchedTopic("planner/imagination", IMAGE, Shows.IMAGINATION),
    ]
    for image in spec.images:
        found.append(WatchedTopic(image.topic, IMAGE, Shows.PICTURE, image.name))
        found.append(WatchedTopic(image.topic + COMPRESSED, COMPRESSED_IMAGE, Shows.PICTURE, image.name))
    for node in ("planner", "sim"):  # a simulated task shows its own goals
        for goal in goal_topics(spec, node).values():
            if isinstance(goal.sensor, ImageSensor):
                found.append(WatchedTopic(goal.name, IMAGE, Shows.GOAL, goal.subject, latched=True))
    found += [
        WatchedTopic(vector.topic, f"sensor_msgs/msg/{vector.message}", Shows.JOINTS, vector.name)
        for vector in spec.vectors
        if vector.is_joints
    ]
    return tuple({topic.name: topic for topic in found}.values())


def find(name: str, topics: Iterable[WatchedTopic]) -> WatchedTopic | None:
    """Return which topic `name` is, in whatever namespace; None if nobody watches it."""
    return next((one for one in topics if f"/{name.lstrip('/')}".endswith(f"/{one.name.lstrip('/')}")), None)
