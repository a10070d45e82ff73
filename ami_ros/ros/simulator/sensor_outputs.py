# SPDX-License-Identifier: Apache-2.0
"""The simulated body's readings as messages, possibly changed by a fault."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros, stamp_from_ns
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.vectors import fill, vector_to_ros, vector_type
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.faults.joints import JointReading
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray


def camera_info(camera: ImageSensor, stamp_ns: int) -> CameraInfo:
    """Return the calibration of `camera`: square pixels, no distortion, axis through the image centre."""
    focal = camera.height / 2.0 / math.tan(math.radians(camera.vertical_fov_deg) / 2.0)
    x, y = camera.width / 2.0, camera.height / 2.0
    message = CameraInfo(height=camera.height, width=camera.width, distortion_model="plumb_bob")
    message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), camera.frame_id
    message.d = [0.0] * 5
    message.k = [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


IMAGES = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)


class SensorOutputs:
    """Publishes each sensor on its topic.

    Args:
        node: owns the publishers.
        spec: the body.
        world: the sensed world.
        injection: the active faults; all readings pass through it.
    """

    def __init__(self, node: Node, spec: RobotSpec, world: World, injection: FaultInjection) -> None:
        self._spec, self._world, self._injection = spec, world, injection
        self._joints = next(iter(spec.joint_sensors), None)
        self._publishers: dict[str, Any] = {}
        self._info: dict[str, Any] = {}
        for image in spec.images:
            self._publishers[image.name] = node.create_publisher(Image, image.topic, IMAGES)
            info = f"{image.topic.rpartition('/')[0] or image.name}/camera_info"  # as in image_transport
            self._info[image.name] = node.create_publisher(CameraInfo, info, IMAGES)
        # Sensors that share a topic share one message.
        self._by_topic: dict[str, list[VectorSensor]] = {}
        for vector in spec.vectors:
            first = self._by_topic.setdefault(vector.topic, [])
            self._publishers[vector.name] = (
                self._publishers[first[0].name]
                if first
                else node.create_publisher(vector_type(vector), vector.topic, STATE)
            )
            first.append(vector)

    def missing(self, observers: int) -> str:
        """Return which sensor lacks subscribers; empty if each has its users, `observers` at most."""
        for name, publisher in self._publishers.items():
            sensor = self._spec.sensors[name]
            together = self._by_topic.get(sensor.topic, [sensor])
            wanted = sum(min(observers, len(one.used_by)) for one in together)
            count = publisher.get_subscription_count()
            if count < wanted:
                return f"{wanted} subscribers of {name}; it has {count}"
        return ""

    def publish_vectors(self, stamp_ns: int, tick: int = 0, tick_hz: float = 0.0) -> None:
        """Publish the readings of the vector sensors, possibly changed by a fault.

        Args:
            stamp_ns: time of measurement.
            tick: number of the tick; a slow sensor skips some.
            tick_hz: ticks per second; 0: all sensors are due.
        """
        due = [sensors for sensors in self._by_topic.values() if _is_due(sensors[0], tick, tick_hz)]
        values = self._world.vectors() if due else {}
        for sensor, *others in due:
            if sensor.name == self._joints:
                self._publish_joints(values[sensor.name], stamp_ns)
                continue
            told = [self._injection.vectors(s.name, values[s.name], stamp_ns) for s in (sensor, *others)]
            for (first, stamp), *rest in zip(*told, strict=False):  # what one lacks, all lack
                message = vector_to_ros(first, sensor, stamp)
                for other, (measured, _) in zip(others, rest, strict=True):
                    fill(message, measured, other)
                self._publishers[sensor.name].publish(message)

    def _publish_joints(self, values: FloatArray, stamp_ns: int) -> None:
        hold, count = self._spec.simulation, len(self._spec.joint_names)
        reading = JointReading(
            (*self._spec.joint_names, *hold.hold_joints),
            np.concatenate([values[:count], hold.hold_position]),
            np.concatenate([values[count:], np.zeros(len(hold.hold_joints))]),
            stamp_ns,
        )
        for seen in self._injection.joints(reading):
            message = joints_to_ros(seen.names, seen.position, seen.velocity, seen.stamp_ns)
            self._publishers[self._spec.joint_sensor].publish(message)

    def publish_images(self, stamp_ns: int, tick: int = 0, tick_hz: float = 0.0) -> None:
        """Render and publish each camera's image with its camera info; arguments as `publish_vectors`."""
        for sensor in self._spec.images:
            if not _is_due(sensor, tick, tick_hz):
                continue
            seen = self._world.image(camera=sensor.name)
            for image, stamp in self._injection.images(sensor.name, seen, stamp_ns):
                self._publishers[sensor.name].publish(image_to_ros(image, stamp, sensor.frame_id))
                self._info[sensor.name].publish(camera_info(sensor, stamp))


def _is_due(sensor: Sensor, tick: int, tick_hz: float) -> bool:
    return tick_hz <= 0.0 or tick % max(1, round(tick_hz / sensor.rate_hz)) == 0
