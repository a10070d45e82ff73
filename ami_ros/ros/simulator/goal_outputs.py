# SPDX-License-Identifier: Apache-2.0
"""The simulated task's goal, in the planner's form: images, or the target of a sensor."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.ros.wire.goals import goal_type
from ami_ros.ros.wire.messages import image_to_ros
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.ros.wire.vectors import vector_to_ros
from ami_ros.types import Goal


class GoalOutputs:
    """Publishes the goal of each episode on topics of the same names as the planner's.

    Args:
        node: owns the publishers.
        spec: the body.
        goal_sensor: the vector sensor of the task's goals; empty if they are images.
    """

    def __init__(self, node: Node, spec: RobotSpec, goal_sensor: str) -> None:
        self._spec = spec
        topics = goal_topics(spec)
        shown = [goal_sensor] if goal_sensor else [image.name for image in spec.images]
        self._publishers: dict[str, Any] = {
            name: node.create_publisher(goal_type(topics[name]), topics[name].name, LATCHED) for name in shown
        }

    def publish(self, goal: Goal, stamp_ns: int) -> None:
        """Publish a goal, named by its stamp."""
        for name, publisher in self._publishers.items():
            sensor = self._spec.sensors[name]
            if isinstance(sensor, VectorSensor):
                publisher.publish(vector_to_ros(goal.vectors[name], sensor, stamp_ns))
            else:
                publisher.publish(image_to_ros(goal.images[name], stamp_ns, sensor.frame_id))
