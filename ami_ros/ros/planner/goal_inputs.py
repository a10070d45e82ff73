# SPDX-License-Identifier: Apache-2.0
"""The planner's subscriptions besides its sensors: goals, and its memory's inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image

from ami_ros.body.goal_topics import TIP_POSE, goal_topics, takes_tip_pose
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.ros.proposing.sensor_inputs import Handler, bounded
from ami_ros.ros.wire.bounded_type import bounded_type
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S, hear
from ami_ros.ros.wire.message_limits import FRAMED, MOST_TEXT, image_limit, vector_limit
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.vectors import vector_type


class GoalInputs:
    """Receives goals as long as the node lives.

    Args:
        node: owns the subscriptions.
        errors: receives what a handler raises, and messages larger than the robot can need.
        spec: the robot.
        max_image_pixels: width times height of the largest image.
        on_goal_image: receives goal images, with their camera.
        on_goal_vector: receives goals of vector sensors, with their sensor.
        on_goal_pose: receives poses of an arm's tip.
    """

    def __init__(
        self,
        node: Node,
        errors: ErrorLog,
        spec: RobotSpec,
        max_image_pixels: int,
        on_goal_image: Callable[[ImageSensor, Any], None],
        on_goal_vector: Callable[[VectorSensor, Any], None],
        on_goal_pose: Callable[[PoseStamped], None],
    ) -> None:
        self._node, self._errors = node, errors
        goals, topics, most = [], goal_topics(spec), image_limit(max_image_pixels)
        for image in spec.images:
            handler, topic = partial(on_goal_image, image), topics[image.name]
            kind = bounded_type(node, Image, topic, most)
            goals.append(hear(node, *self._goal(kind, topic, most, handler)))
        for vector in spec.vectors:
            kind, limit = vector_type(vector), vector_limit(vector, spec.simulation.held)
            handler = partial(on_goal_vector, vector)
            goals.append(hear(node, *self._goal(kind, topics[vector.name], limit, handler)))
        if takes_tip_pose(spec):
            goals.append(hear(node, *self._goal(PoseStamped, topics[TIP_POSE], FRAMED, on_goal_pose)))
        # Steady: goals are sent while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for goal in goals:
            node.create_timer(LOOK_S, guarded_timer(errors, goal.look), clock=steady)

    def hear(self, kind: Any, topic: str, handler: Handler) -> None:
        """Subscribe to a topic of small messages, names and verdicts, as long as the node lives."""
        callback = bounded(self._errors, kind, topic.removeprefix("~/"), MOST_TEXT, handler)
        self._node.create_subscription(kind, topic, callback, STATE, raw=True)

    def _goal(
        self, kind: Any, topic: str, limit: int, handler: Handler
    ) -> tuple[Any, str, Callable[[bytes], None]]:
        return kind, topic, bounded(self._errors, kind, topic.removeprefix("~/"), limit, handler)
