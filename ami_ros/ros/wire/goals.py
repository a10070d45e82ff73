# SPDX-License-Identifier: Apache-2.0
"""Goals as messages: their class, and how large they may be."""

from __future__ import annotations

from typing import Any

from sensor_msgs.msg import Image

from ami_ros.body.goals.kinds import GoalTopic
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.ros.wire.message_fields import message_class
from ami_ros.ros.wire.message_limits import image_limit, vector_limit
from ami_ros.ros.wire.vectors import vector_type


def goal_type(topic: GoalTopic) -> Any:
    """Return the class of the messages on a topic of goals."""
    if topic.sensor is None:
        package, _, name = topic.kind.message.split("/")
        return message_class(package, name)
    return Image if isinstance(topic.sensor, ImageSensor) else vector_type(topic.sensor)


def goal_limit(topic: GoalTopic, spec: RobotSpec, most_pixels: int) -> int:
    """Return the limit for the messages on a topic of goals, bytes.

    Args:
        topic: the topic.
        spec: the robot.
        most_pixels: width times height of the largest image.
    """
    if topic.sensor is None:
        return topic.kind.most_bytes
    if isinstance(topic.sensor, ImageSensor):
        return image_limit(most_pixels)
    return vector_limit(topic.sensor, spec.simulation.held)
