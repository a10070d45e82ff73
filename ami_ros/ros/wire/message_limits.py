# SPDX-License-Identifier: Apache-2.0
"""The largest serialised message per topic, from what the robot can need."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.ros.wire.messages import decoded
from ami_ros.ros.wire.vectors import vector_to_ros

ROOM = 4  # times the size of a full message: for longer names, and unforeseen fields
HEADER = 1024  # bytes
POINTS = 1000  # of a proposal: ten seconds of one point per gate tick, twenty times what is ever followed
KEYS, KEY_BYTES = 64, 512  # of a planner's report
BYTES_PER_PIXEL = 4
FLAG = 64  # a Bool, a Clock
MOST_TEXT = 65536  # bytes of a name or a verdict: a verdict with every reason has some thousands


def vector_limit(sensor: VectorSensor, held: Sequence[str] = ()) -> int:
    """Return the limit for a vector sensor's messages with every field, bytes.

    Args:
        sensor: the sensor.
        held: further joints that joint states may have.
    """
    if not sensor.is_joints:
        return _limit(vector_to_ros(np.zeros(sensor.size), sensor, 0))
    names = [*sensor.names, *held]
    numbers = [0.0] * len(names)
    return _limit(JointState(name=names, position=numbers, velocity=numbers, effort=numbers))


def proposal_limit(spec: RobotSpec) -> int:
    """Return the limit for proposals, bytes: `POINTS` points with every field."""
    numbers = [0.0] * len(spec.command_names)
    point = JointTrajectoryPoint(positions=numbers, velocities=numbers, accelerations=numbers, effort=numbers)
    return _limit(JointTrajectory(joint_names=list(spec.command_names), points=[point] * POINTS))


def report_limit() -> int:
    """Return the limit for the planner's reports, bytes."""
    half = "x" * (KEY_BYTES // 2)
    status = DiagnosticStatus(message=half, values=[KeyValue(key=half, value=half)] * KEYS)
    return _limit(DiagnosticArray(status=[status]))


def image_limit(pixels: int) -> int:
    """Return the limit for images, raw or compressed, of at most `pixels` pixels, bytes."""
    return HEADER + BYTES_PER_PIXEL * pixels


def within(
    limit: int,
    kind: Any,
    handler: Callable[[Any], None],
    on_larger: Callable[[int], None] = lambda size: None,
) -> Callable[[bytes], None]:
    """Return a callback for serialised messages that decodes those within `limit` bytes for `handler`.

    `on_larger` receives the size of a larger one, which is dropped unread.
    """

    @functools.wraps(handler)
    def handle(message: bytes) -> None:
        if len(message) > limit:
            on_larger(len(message))
        else:
            handler(decoded(message, kind))

    return handle


def _limit(full: object) -> int:
    return HEADER + ROOM * len(serialize_message(full))
