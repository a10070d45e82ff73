# SPDX-License-Identifier: Apache-2.0
"""A proposing node's subscriptions to sensors, while it is configured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.errors import ObservationError
from ami_ros.ros.wire.bounded_type import bounded_type
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.leavers import LOOK_S, Leavers
from ami_ros.ros.wire.message_limits import image_limit, vector_limit, within
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type

Handler = Callable[[Any], None]


class SensorInputs:
    """Makes the subscriptions of sensors, and removes them.

    Args:
        node: owns the subscriptions.
        errors: receives what a handler raises, and messages larger than the robot can need.
        spec: the robot.
        max_image_pixels: width times height of the largest image.
    """

    def __init__(self, node: Node, errors: ErrorLog, spec: RobotSpec, max_image_pixels: int) -> None:
        self._node, self._errors, self._spec = node, errors, spec
        self._image = image_limit(max_image_pixels)
        self._observations: list[Subscription[Any]] = []
        self._renewals: list[tuple[Leavers, Callable[[], None]]] = []
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(LOOK_S, guarded_timer(errors, self._look), clock=steady)

    def observe(
        self,
        images: Sequence[ImageSensor],
        vectors: Sequence[VectorSensor],
        qos: QoSProfile,
        on_image: Callable[[ImageSensor, Any], None],
        on_vector: Callable[[VectorSensor, Any], None],
    ) -> None:
        """Subscribe to sensors.

        Args:
            images: the cameras.
            vectors: the other sensors.
            qos: quality of service of images.
            on_image: receives images, raw and compressed, with their sensor.
            on_vector: receives the messages of vector sensors, with their sensor.
        """
        for image in images:
            handler = partial(on_image, image)
            for kind, topic in ((Image, image.topic), (CompressedImage, image.topic + COMPRESSED)):
                kind = bounded_type(self._node, kind, topic, self._image)
                self._hear(kind, topic, handler, qos, self._image)
                renew = partial(self._renew, len(self._observations) - 1, kind, topic, handler, qos)
                self._renewals.append((Leavers(self._node, topic), renew))
        for vector in vectors:
            limit = vector_limit(vector, self._spec.simulation.held)
            self._hear(vector_type(vector), vector.topic, partial(on_vector, vector), STATE, limit)

    def _hear(self, kind: Any, topic: str, handler: Handler, qos: QoSProfile, limit: int) -> None:
        self._observations.append(self._subscription(kind, topic, handler, qos, limit))

    def _subscription(
        self, kind: Any, topic: str, handler: Handler, qos: QoSProfile, limit: int
    ) -> Subscription[Any]:
        callback = bounded(self._errors, kind, topic, limit, handler)
        return self._node.create_subscription(kind, topic, callback, qos, raw=True)

    def _look(self) -> None:
        for leavers, renew in self._renewals:
            if leavers.look():
                renew()

    def _renew(self, index: int, kind: Any, topic: str, handler: Handler, qos: QoSProfile) -> None:
        """Make the subscription of a camera again: see `leavers`."""
        self._node.destroy_subscription(self._observations[index])
        self._observations[index] = self._subscription(kind, topic, handler, qos, self._image)

    def rest(self) -> None:
        """Remove the subscriptions."""
        for subscription in self._observations:
            self._node.destroy_subscription(subscription)
        self._observations.clear()
        self._renewals.clear()


def bounded(errors: ErrorLog, kind: Any, topic: str, limit: int, handler: Handler) -> Callable[[bytes], None]:
    """Return the callback of a raw subscription that ignores messages above `limit` bytes.

    Args:
        errors: receives what the handler raises, and messages that are too large.
        kind: class of the messages.
        topic: name for the error's text.
        limit: bytes of the largest message.
        handler: receives the messages.
    """

    def refuse(size: int) -> None:
        raise ObservationError(
            f"{topic}: got a message of {size} bytes, expected at most {limit}: dropped unread"
        )

    return guarded(errors, within(limit, kind, handler, refuse))
