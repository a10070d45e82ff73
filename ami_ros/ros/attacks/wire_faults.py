# SPDX-License-Identifier: Apache-2.0
"""Contradicting, oversized and deceitful messages on the robot's topics. For tests only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, JointState
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ConfigError
from ami_ros.ros.attacks.large_messages import (
    image_bomb,
    oversized_joints,
    oversized_proposal,
    oversized_report,
    oversized_vector,
    stamped,
)
from ami_ros.ros.wire.messages import joints_to_ros
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type
from ami_ros.sim.faults.catalogue import Fault, is_stamped

ELSEWHERE = 0.45  # rad from home: the pose of the second publisher
FAST_S, SLOW_S = 0.01, 0.25  # periods of small messages, and of large ones
BETWEEN_S = 0.02  # so that one arrives just before the camera's next image, and the planner takes it


class Sending(NamedTuple):
    """A message type, its topic and period, and the message for a time in ns."""

    kind: Any
    topic: str
    period_s: float
    message: Callable[[int], Any]


class WireFaults:
    """Publishes the messages of a fault until it is stopped.

    Args:
        node: owns publishers and timers.
        spec: the robot.
        now_ns: returns the robot's time.
    """

    def __init__(self, node: Node, spec: RobotSpec, now_ns: Callable[[], int]) -> None:
        self._node, self._spec, self._now_ns = node, spec, now_ns
        self._timer: Any = None
        self._publisher: Any = None
        self._sendings: dict[str, Sending] = {}  # large messages take time to build

    def begin(self, fault: Fault) -> int:
        """Begin a fault of the part ``wire``, and return when its first message was sent, ns."""
        if fault.name not in self._sendings:
            self._sendings[fault.name] = sending(self._spec, fault)
        kind, topic, period_s, message = self._sendings[fault.name]
        self._publisher = self._node.create_publisher(kind, topic, STATE)
        deadline = time.monotonic() + 2.0
        # The gate's subscription may be found after others of the same topic.
        while self._unheard(topic) and time.monotonic() < deadline:
            time.sleep(0.01)

        def send() -> None:
            self._publisher.publish(message(self._now_ns()))

        self._timer = self._node.create_timer(period_s, send)
        begun_ns = self._now_ns()
        send()
        return begun_ns

    def _unheard(self, topic: str) -> bool:
        """Whether a subscription of the topic does not receive from the publisher yet."""
        receiving: int = self._publisher.get_subscription_count()
        return receiving < max(1, self._node.count_subscribers(topic))

    def end(self) -> None:
        """Stop publishing, and remove the publisher from the topic."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._node.destroy_publisher(self._publisher)
            self._timer = self._publisher = None


def sending(spec: RobotSpec, fault: Fault) -> Sending:
    """Return the messages of a fault of the part ``wire``.

    Raises:
        ConfigError: the fault belongs to another part.
    """
    sensor = spec.sensors.get(fault.sensor)
    topic = "" if sensor is None else sensor.topic
    if fault.kind == "joints_contradict":
        return Sending(JointState, topic, FAST_S, lambda now_ns: _elsewhere(spec, now_ns))
    if fault.kind == "oversized_vector" and isinstance(sensor, VectorSensor):
        content = oversized_vector(sensor)
        if not is_stamped(sensor):
            return Sending(vector_type(sensor), topic, SLOW_S, lambda now_ns: content)
        return Sending(vector_type(sensor), topic, SLOW_S, lambda now_ns: stamped(content, now_ns))
    if fault.kind not in _LARGE:
        raise ConfigError(
            f"fault {fault.name}: got a fault of the part {fault.part}, expected one of the part wire"
        )
    kind, make, period_s, fixed = _LARGE[fault.kind]
    large, where = make(), fixed or topic + COMPRESSED * (kind is CompressedImage)
    return Sending(kind, where, period_s, lambda now_ns: stamped(large, now_ns))


def _elsewhere(spec: RobotSpec, now_ns: int) -> JointState:
    names = (*spec.joint_names, *spec.simulation.hold_joints)
    there = np.concatenate([spec.home + ELSEWHERE, spec.simulation.hold_position])
    return joints_to_ros(names, there, np.zeros(len(names)), now_ns)


# Fault -> message type, function that builds it, period, and topic; else the topic of the fault's sensor.
_LARGE: dict[str, tuple[Any, Callable[[], bytes], float, str]] = {
    "oversized_joints": (JointState, oversized_joints, SLOW_S, ""),
    "oversized_proposal": (JointTrajectory, oversized_proposal, SLOW_S, "planner/proposed"),
    "oversized_report": (DiagnosticArray, oversized_report, SLOW_S, "planner/goal_status"),
    "image_bomb": (CompressedImage, image_bomb, BETWEEN_S, ""),
}
