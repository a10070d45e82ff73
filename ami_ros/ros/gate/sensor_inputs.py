# SPDX-License-Identifier: Apache-2.0
"""The gate's sensor inputs, each by its name."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.errors import ObservationError
from ami_ros.ros.gate.inputs import GateInputs
from ami_ros.ros.gate.serialised import content_of_compressed, content_of_serialised, stamp_of_serialised
from ami_ros.ros.wire.bounded_take import Taken
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.message_limits import image_limit, vector_limit
from ami_ros.ros.wire.messages import decoded
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.receiver import Receiver
from ami_ros.ros.wire.vectors import COMPRESSED, vector_from_ros, vector_type
from ami_ros.safety.gate.gate import Gate


class SensorInputs:
    """Subscriptions to the sensors that the gate watches, and the handling of their readings.

    Args:
        inputs: makes the subscriptions.
        receiver: the thread that takes them, if any.
        spec: the robot.
        gate: receives the readings.
        now_ns: returns the time of arrival.
        errors: receives malformed messages.
        images: quality of service of images.
        most_pixels: width times height of the largest image.

    Attributes:
        topics: topics of the sensors.
    """

    def __init__(
        self,
        inputs: GateInputs,
        receiver: Receiver | None,
        spec: RobotSpec,
        gate: Gate,
        now_ns: Callable[[], int],
        errors: ErrorLog,
        images: QoSProfile,
        most_pixels: int,
    ) -> None:
        self._inputs, self._spec, self._gate, self._now_ns, self._errors = inputs, spec, gate, now_ns, errors
        self._raw_came_ns: dict[str, int] = {}
        # Vectors first: the meaning of an image depends on where the joints are.
        for vector in spec.vectors_for("gate"):
            limit = vector_limit(vector, spec.simulation.held)
            handler = partial(self._on_vectors, vector)
            inputs.subscribe(receiver, vector_type(vector), vector.topic, handler, STATE, limit)
        for image in spec.images_for("gate"):
            self._hear_images(receiver, image, images, image_limit(most_pixels))

    def _hear_images(
        self, receiver: Receiver | None, sensor: ImageSensor, qos: QoSProfile, limit: int
    ) -> None:
        subscribe = partial(self._inputs.subscribe, receiver, is_large=True)
        raw, compressed = partial(self._on_images, sensor.name), partial(self._on_compressed, sensor)
        subscribe(Image, sensor.topic, raw, qos, limit, most=1)
        subscribe(CompressedImage, sensor.topic + COMPRESSED, compressed, qos, limit, most=1)

    def _on_vectors(self, sensor: VectorSensor, messages: list[Taken]) -> None:
        is_joints = sensor.name in self._spec.joint_sensors
        for taken in messages:  # all of them: two that contradict each other must not count as one
            now = self._now_ns()
            try:
                message = decoded(taken.data, vector_type(sensor))
                values, stamp_ns = vector_from_ros(message, sensor, now, self._spec.simulation.held)
                if is_joints:
                    self._gate.see_joints(values[: len(sensor.names)], stamp_ns, now, sensor.name)
                else:
                    content = zlib.crc32(values.tobytes())
                    self._gate.see_vector(sensor.name, content, stamp_ns, now, values)
            except ObservationError as error:
                if not is_joints:
                    self._gate.see_refused(sensor.name, str(error), now)
                self._errors.report(sensor.topic, error)
        self._gate.judge_waiting(self._now_ns())

    def _on_images(self, sensor: str, messages: list[Taken]) -> None:
        self._raw_came_ns[sensor] = self._now_ns()
        self._see_image(sensor, messages[-1].data, content_of_serialised)

    def _on_compressed(self, sensor: ImageSensor, messages: list[Taken]) -> None:
        # One stream is enough if a camera sends both; alternating, they would never look frozen.
        raw_ns = self._raw_came_ns.get(sensor.name)
        if raw_ns is None or abs(self._now_ns() - raw_ns) > 1e9 * sensor.max_age_s:
            self._see_image(sensor.name, messages[-1].data, content_of_compressed)

    def _see_image(self, sensor: str, newest: bytes, content_of: Callable[[bytes], int | None]) -> None:
        now = self._now_ns()
        self._gate.see_image(sensor, content_of(newest), stamp_of_serialised(newest), now)
        self._gate.judge_waiting(now)


def sensor_topics(spec: RobotSpec) -> tuple[str, ...]:
    """Return the topics of the sensors that the gate watches."""
    images = [topic for s in spec.images_for("gate") for topic in (s.topic, s.topic + COMPRESSED)]
    return (*images, *(vector.topic for vector in spec.vectors_for("gate")))
