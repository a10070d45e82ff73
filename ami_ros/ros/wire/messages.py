# SPDX-License-Identifier: Apache-2.0
"""Images, joints, trajectories and time: ROS messages to core types and back.

Nothing here trusts a message: whoever publishes may be wrong in every field.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from sensor_msgs.msg import CompressedImage, Image, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.data.decoding import decoded
from ami_ros.data.image_header import checked_size
from ami_ros.errors import ImageError, JointStateError, ProposalError
from ami_ros.types import Command, FloatArray, ImageArray, Trajectory, checked_joints

NS_PER_S = 1_000_000_000
UNLIMITED = sys.maxsize  # pixels, of images that we made ourselves
# Encoding -> which channels are red, green and blue. Source: sensor_msgs/image_encodings.hpp.
CHANNELS: dict[str, tuple[int, tuple[int, int, int]]] = {
    "rgb8": (3, (0, 1, 2)),
    "bgr8": (3, (2, 1, 0)),
    "rgba8": (4, (0, 1, 2)),
    "bgra8": (4, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
}


def stamp_to_ns(stamp: Time) -> int:
    """Return a ROS time in nanoseconds."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def stamp_from_ns(time_ns: int) -> Time:
    """Return nanoseconds as a ROS time."""
    sec, nanosec = divmod(time_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def image_from_ros(message: Image, most_pixels: int = UNLIMITED) -> ImageArray:
    """Return the pixels of `message` as (H, W, 3) uint8 RGB.

    Rows may be padded (`step`); `is_bigendian` means nothing for 8-bit channels and is ignored.

    Args:
        message: the image.
        most_pixels: width times height may be no more.

    Raises:
        ImageError: no pixels, too many, an unknown encoding, or a `step` or amount of data that contradicts
            the size.
    """
    if message.encoding not in CHANNELS:
        raise ImageError(f"image encoding: got {message.encoding!r}, expected one of {', '.join(CHANNELS)}")
    width, height = checked_size(int(message.width), int(message.height), most_pixels, "image")
    channels, order = CHANNELS[message.encoding]
    row, step, length = width * channels, int(message.step), len(message.data)
    if step < row:
        raise ImageError(
            f"image step: got {step} bytes per row, expected at least {row} "
            f"for {width} pixels of {message.encoding}"
        )
    if length != step * height:
        raise ImageError(
            f"image data: got {length} bytes, expected {step * height} = step {step} x height {height} "
            f"({width}x{height} {message.encoding})"
        )
    pixels = np.frombuffer(message.data, dtype=np.uint8).reshape(height, step)[:, :row]
    pixels = pixels.reshape(height, width, channels)
    return np.ascontiguousarray(pixels[:, :, list(order)])


def image_from_compressed(message: CompressedImage, most_pixels: int) -> ImageArray:
    """Return the pixels of a JPEG or PNG `message` as (H, W, 3) uint8 RGB.

    Args:
        message: the image.
        most_pixels: width times height may be no more; refused before anything is decoded.

    Raises:
        ImageError: too many pixels, or OpenCV cannot decode it.
    """
    return decoded(bytes(message.data), most_pixels, f" of format {message.format!r}")


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


def joints_from_ros(
    message: JointState, joint_names: Sequence[str], ignored: Sequence[str] = ()
) -> tuple[FloatArray, FloatArray]:
    """Return position (J,) and velocity (J,) in the order of `joint_names`.

    The order in the message is free. Joints beyond ours must be declared (`ignored`, the robot's
    ``simulation.hold_joints``): an undeclared name is more likely the wrong robot than a stray finger.
    Velocities may be left out and are then 0.

    Raises:
        JointStateError: joints are missing, unknown or duplicated, arrays have the wrong length, or any of
            our values is not finite.
    """
    names = list(message.name)
    index = {name: i for i, name in enumerate(names)}
    if len(index) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise JointStateError(f"joint state: got joints {twice} more than once, expected each once")
    missing = [name for name in joint_names if name not in index]
    unknown = [name for name in names if name not in joint_names and name not in ignored]
    if missing or unknown:
        raise JointStateError(
            f"joint state: got {names}: missing {missing}, unknown {unknown}; expected {list(joint_names)} "
            f"in any order, and otherwise only the robot's declared simulation.hold_joints {list(ignored)}"
        )
    order = [index[name] for name in joint_names]
    values = []
    for what, data in (("position", message.position), ("velocity", message.velocity)):
        if what == "velocity" and len(data) == 0:
            values.append(np.zeros(len(order)))
            continue
        if len(data) != len(names):
            raise JointStateError(f"joint state {what}: got {len(data)} numbers for {len(names)} names")
        values.append(checked_joints(np.asarray(data, dtype=np.float64)[order], f"joint state {what}"))
    return values[0], values[1]


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


def trajectory_from_ros(message: JointTrajectory) -> Trajectory:
    """Return a message as a proposal. Values are not judged here: that is the gate's job.

    Raises:
        ProposalError: points of different or no length, which cannot be an array.
    """
    lengths = sorted({len(point.positions) for point in message.points})
    if len(lengths) > 1:
        raise ProposalError(
            f"proposal: got points with {lengths} positions, expected the same number in each"
        )
    count = len(message.points)
    positions = np.array([point.positions for point in message.points], dtype=np.float64)
    times = [stamp_to_ns(point.time_from_start) for point in message.points]
    return Trajectory(
        tuple(message.joint_names),
        positions.reshape(count, lengths[0] if lengths else len(message.joint_names)),
        np.array(times, dtype=np.int64),
        stamp_to_ns(message.header.stamp),
    )


def command_to_ros(command: Command, joint_names: Sequence[str], tick_ns: int) -> JointTrajectory:
    """Return one gate tick as a trajectory of one point, to be reached one tick after its stamp."""
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
