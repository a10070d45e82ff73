# SPDX-License-Identifier: Apache-2.0
"""What the planner listens to: the one place where its subscriptions are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from ami_ros.body.goal_topics import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.errors import ObservationError
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S, hear
from ami_ros.ros.wire.message_limits import MOST_TEXT, image_limit, vector_limit, within
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type

Handler = Callable[[Any], None]


class PlannerInputs:
    """Goals are heard as long as the node lives, sensors while it is configured.

    Args:
        node: owns the subscriptions.
        errors: takes what a handler raises, and what is larger than the robot can need.
        spec: the robot.
        max_image_pixels: width times height of the largest image.
        on_goal_image: gets goal images, with the camera that shall see them.
        on_goal_vector: gets goals of vector sensors, with their sensor.
    """

    def __init__(
        self,
        node: Node,
        errors: ErrorLog,
        spec: RobotSpec,
        max_image_pixels: int,
        on_goal_image: Callable[[ImageSensor, Any], None],
        on_goal_vector: Callable[[VectorSensor, Any], None],
    ) -> None:
        self._node, self._errors = node, errors
        self._spec, self._image = spec, image_limit(max_image_pixels)
        self._observations: list[Subscription] = []
        goals, topics = [], goal_topics(spec)
        for image in spec.images:
            handler = partial(on_goal_image, image)
            goals.append(hear(node, *self._goal(Image, topics[image.name], self._image, handler)))
        for vector in spec.vectors:
            kind, limit = vector_type(vector), vector_limit(vector, spec.simulation.held)
            handler = partial(on_goal_vector, vector)
            goals.append(hear(node, *self._goal(kind, topics[vector.name], limit, handler)))
        # Steady: goals are sent while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for goal in goals:
            node.create_timer(LOOK_S, guarded_timer(errors, goal.look), clock=steady)

    def observe(
        self,
        images: QoSProfile,
        on_image: Callable[[ImageSensor, Any], None],
        on_vector: Callable[[VectorSensor, Any], None],
    ) -> None:
        """Listen to the sensors that the model uses.

        Args:
            images: quality of service of images.
            on_image: gets images, raw and compressed, with their sensor.
            on_vector: gets the messages of vector sensors, with their sensor.
        """
        for image in self._spec.images_for("model"):
            handler = partial(on_image, image)
            self._hear(Image, image.topic, handler, images, self._image)
            self._hear(CompressedImage, image.topic + COMPRESSED, handler, images, self._image)
        for vector in self._spec.vectors_for("model"):
            limit = vector_limit(vector, self._spec.simulation.held)
            self._hear(vector_type(vector), vector.topic, partial(on_vector, vector), STATE, limit)

    def hear(self, kind: Any, topic: str, handler: Handler) -> None:
        """Listen to a topic of small messages, names and verdicts, as long as the node lives."""
        callback = self._bounded(kind, topic.removeprefix("~/"), MOST_TEXT, handler)
        self._node.create_subscription(kind, topic, callback, STATE, raw=True)

    def _hear(self, kind: Any, topic: str, handler: Handler, qos: QoSProfile, limit: int) -> None:
        callback = self._bounded(kind, topic, limit, handler)
        self._observations.append(self._node.create_subscription(kind, topic, callback, qos, raw=True))

    def _goal(
        self, kind: Any, topic: str, limit: int, handler: Handler
    ) -> tuple[Any, str, Callable[[bytes], None]]:
        return kind, topic, self._bounded(kind, topic.removeprefix("~/"), limit, handler)

    def _bounded(self, kind: Any, topic: str, limit: int, handler: Handler) -> Callable[[bytes], None]:
        def refuse(size: int) -> None:
            raise ObservationError(
                f"{topic}: got a message of {size} bytes, expected at most {limit}: dropped unread"
            )

        return guarded(self._errors, within(limit, kind, handler, refuse))

    def rest(self) -> None:
        """Listen to goals only."""
        for subscription in self._observations:
            self._node.destroy_subscription(subscription)
        self._observations.clear()
