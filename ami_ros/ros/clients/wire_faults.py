# SPDX-License-Identifier: Apache-2.0
"""What others send on the robot's topics: contradicting, oversized and deceitful messages. For tests only."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, JointState
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.ros.wire.messages import NS_PER_S, joints_to_ros
from ami_ros.ros.wire.qos import STATE

ELSEWHERE = 0.45  # rad from home: the pose of the second publisher
NAMES, POINTS, VALUES = 50_000, 200_000, 100_000
BOMB_SIDE = 20_000  # px
FAST_S, SLOW_S = 0.01, 0.25  # periods of what is small, and of what is large
BETWEEN_S = 0.02  # so that one comes just before the camera's own next image, and the planner takes it
BLOCK_ROWS, ADLER_PRIME, EMPTY_BLOCK = 100, 65521, b"\x03\x00"
_POINT_BYTES = 24  # four empty sequences and a duration


class WireFaults:
    """Publishes what a fault says until it is told to end.

    Args:
        node: owns publishers and timers.
        spec: the robot.
        now_ns: returns the robot's time.
    """

    def __init__(self, node: Node, spec: RobotSpec, now_ns: Callable[[], int]) -> None:
        self._node, self._spec, self._now_ns = node, spec, now_ns
        self._timer: Any = None
        self._publisher: Any = None
        self._serialised: dict[str, bytes] = {}

    def begin(self, name: str) -> int:
        """Begin a fault of the part ``wire`` and return when its first message was sent, ns."""
        kind, topic, period_s = TOPICS[name]
        self._publisher = self._node.create_publisher(kind, topic, STATE)
        if name != "joints_contradict" and name not in self._serialised:
            self._serialised[name] = _LARGE[name]()
        deadline = time.monotonic() + 2.0
        while not self._publisher.get_subscription_count() and time.monotonic() < deadline:
            time.sleep(0.01)

        def send() -> None:
            self._publisher.publish(self._message(name))

        self._timer = self._node.create_timer(period_s, send)
        begun_ns = self._now_ns()
        send()
        return begun_ns

    def end(self) -> None:
        """Stop publishing, and leave the topic."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._node.destroy_publisher(self._publisher)
            self._timer = self._publisher = None

    def _message(self, name: str) -> Any:
        if name != "joints_contradict":
            return _stamped(self._serialised[name], self._now_ns())
        names = (*self._spec.joint_names, *self._spec.simulation.hold_joints)
        there = np.concatenate([self._spec.home + ELSEWHERE, self._spec.simulation.hold_position])
        return joints_to_ros(names, there, np.zeros(len(names)), self._now_ns())


def oversized_joints(names: int = NAMES) -> bytes:
    """Return a serialised joint state with this number of names."""
    zeros = np.zeros(names)
    return serialize_message(joints_to_ros([f"joint_{i}" for i in range(names)], zeros, zeros, 0))


def oversized_proposal(points: int = POINTS) -> bytes:
    """Return a serialised proposal of empty points, written by hand: the library takes minutes."""
    empty = serialize_message(JointTrajectory())
    return empty[:-4] + struct.pack("<I", points) + bytes(_POINT_BYTES * points)


def oversized_report(values: int = VALUES) -> bytes:
    """Return a serialised report with this number of values."""
    status = DiagnosticStatus(name="planner", values=[KeyValue(key="state", value="MOVING")] * values)
    return serialize_message(DiagnosticArray(status=[status]))


def bomb(side: int = BOMB_SIDE) -> bytes:
    """Return a PNG of side x side black pixels, `side` in hundreds: a megabyte that decodes to a gigabyte.

    Source: PNG specification (third edition), chunks IHDR, IDAT and IEND; RFC 1950 and 1951 for what is in
    IDAT: the Adler-32 of n zeros is n mod 65521 in its upper half and 1 in its lower one.
    """

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    # After a full flush the same rows are the same bytes: pack a block of them once, and repeat it.
    packer, block = zlib.compressobj(9), bytes((1 + 3 * side) * BLOCK_ROWS)
    first, again = (packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    blocks = side // BLOCK_ROWS
    length = (1 + 3 * side) * BLOCK_ROWS * blocks
    checksum = struct.pack(">I", ((length % ADLER_PRIME) << 16) | 1)
    pixels = first + again * (blocks - 1) + EMPTY_BLOCK + checksum
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def image_bomb(side: int = BOMB_SIDE) -> bytes:
    """Return a serialised compressed image with a `bomb` in it."""
    return serialize_message(CompressedImage(format="png", data=bomb(side)))


def _stamped(serialised: bytes, stamp_ns: int) -> bytes:
    """Return a serialised message that begins with a header, with another stamp."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return serialised[:4] + struct.pack("<iI", sec, nanosec) + serialised[12:]


_LARGE: dict[str, Callable[[], bytes]] = {
    "oversized_joints": oversized_joints,
    "oversized_proposal": oversized_proposal,
    "oversized_report": oversized_report,
    "image_bomb": image_bomb,
}
TOPICS: dict[str, tuple[Any, str, float]] = {
    "joints_contradict": (JointState, "joint_states", FAST_S),
    "oversized_joints": (JointState, "joint_states", SLOW_S),
    "oversized_proposal": (JointTrajectory, "planner/proposed", SLOW_S),
    "oversized_report": (DiagnosticArray, "planner/goal_status", SLOW_S),
    "image_bomb": (CompressedImage, "camera/image_raw/compressed", BETWEEN_S),
}
