# SPDX-License-Identifier: Apache-2.0
"""Images, joints, trajectories and time: core types to ROS messages, and back through data/."""

from __future__ import annotations

import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.errors import JointStateError, ObservationError
from ami_ros.recordings.message_images import image_from_compressed as image_from_compressed
from ami_ros.recordings.message_images import image_from_ros as image_from_ros
from ami_ros.recordings.message_values import NS_PER_S as NS_PER_S
from ami_ros.recordings.message_values import joints_from_ros as joints_from_ros
from ami_ros.recordings.message_values import stamp_to_ns as stamp_to_ns
from ami_ros.recordings.message_values import trajectory_from_ros as trajectory_from_ros
from ami_ros.types import Command, FloatArray, ImageArray, Trajectory


def decoded(data: bytes, kind: Any) -> Any:
    """Return a deserialised message of a kind.

    Raises:
        ObservationError: the bytes are no such message.
    """
    try:
        return deserialize_message(data, kind)
    except Exception as error:  # whatever the middleware raises for such bytes
        raise ObservationError(f"got {len(data)} bytes, expected a serialised {kind.__name__}") from error


def stamp_from_ns(time_ns: int) -> Time:
    """Return nanoseconds as a ROS time."""
    sec, nanosec = divmod(time_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def image_to_ros(image: ImageArray, stamp_ns: int, frame_id: str) -> Image:
    """Return (H, W, 3) uint8 RGB as an rgb8 message."""
    height, width, _ = image.shape
    message = Image(height=height, width=width, encoding="rgb8", step=width * 3, is_bigendian=0)
    message.header.stamp = stamp_from_ns(stamp_ns)
    message.header.frame_id = frame_id
    # An array of bytes passes rclpy's setter unchecked: ten times faster than `bytes`.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(image).tobytes())
    message.data = data
    return message


def joints_to_ros(
    joint_names: Sequence[str], position: FloatArray, velocity: FloatArray, stamp_ns: int
) -> JointState:
    """Return position (J,) and velocity (J,) as a joint state."""
    message = JointState(name=list(joint_names), position=position.tolist(), velocity=velocity.tolist())
    message.header.stamp = stamp_from_ns(stamp_ns)
    return message


def _duration(time_ns: int) -> Duration:
    sec, nanosec = divmod(time_ns, NS_PER_S)
    return Duration(sec=sec, nanosec=nanosec)


def trajectory_to_ros(trajectory: Trajectory) -> JointTrajectory:
    """Return a proposal as a message."""
    message = JointTrajectory(joint_names=list(trajectory.joint_names))
    message.header.stamp = stamp_from_ns(trajectory.stamp_ns)
    message.points = [
        JointTrajectoryPoint(positions=position.tolist(), time_from_start=_duration(int(time_ns)))
        for position, time_ns in zip(trajectory.positions, trajectory.time_from_start_ns, strict=True)
    ]
    return message


def command_to_ros(command: Command, joint_names: Sequence[str], tick_ns: int) -> JointTrajectory:
    """Return one gate tick as a trajectory of one point, due one tick after its stamp."""
    message = JointTrajectory(joint_names=list(joint_names))
    message.header.stamp = stamp_from_ns(command.stamp_ns)
    message.points = [
        JointTrajectoryPoint(
            positions=command.position.tolist(),
            velocities=command.velocity.tolist(),
            time_from_start=_duration(tick_ns),
        )
    ]
    return message


def command_from_ros(message: JointTrajectory, joint_names: Sequence[str]) -> Command:
    """Return the first point of a controller's command, joints in the order of `joint_names`.

    Raises:
        JointStateError: no point, missing or unknown joints, wrong lengths, or numbers that are not finite.
    """
    if not message.points:
        raise JointStateError("command: got no points, expected at least one")
    point = message.points[0]
    state = JointState(name=message.joint_names, position=point.positions, velocity=point.velocities)
    position, velocity = joints_from_ros(state, joint_names)
    return Command(position, velocity, stamp_to_ns(message.header.stamp))
