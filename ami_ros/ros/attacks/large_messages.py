# SPDX-License-Identifier: Apache-2.0
"""Serialised messages that are, or claim to be, far larger than any robot can need. For tests only."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.sensors import VectorSensor
from ami_ros.ros.wire.messages import NS_PER_S, joints_to_ros
from ami_ros.ros.wire.vectors import vector_to_ros

NAMES, POINTS, VALUES, BYTES = 50_000, 200_000, 100_000, 1_000_000
IMAGE_BYTES = 64 * 2**20
BOMB_SIDE = 20_000  # px
BLOCK_ROWS, ADLER_PRIME, EMPTY_BLOCK = 100, 65521, b"\x03\x00"
_POINT_BYTES = 24  # four empty sequences and a duration


def oversized_joints(names: int = NAMES) -> bytes:
    """Return a serialised joint state with this number of names."""
    zeros = np.zeros(names)
    return serialize_message(joints_to_ros([f"joint_{i}" for i in range(names)], zeros, zeros, 0))


def oversized_image(size: int = IMAGE_BYTES) -> bytes:
    """Return a serialised image with this number of bytes, written by hand so that it is copied only once."""
    empty = serialize_message(Image(encoding="rgb8", height=1, width=1, step=3))
    return empty[:-4] + struct.pack("<I", size) + bytes(size)


def oversized_vector(sensor: VectorSensor, size: int = BYTES) -> bytes:
    """Return a serialised reading of a sensor, at least `size` bytes long."""
    message = vector_to_ros(np.zeros(sensor.size), sensor, 0)
    if hasattr(message, "header"):
        message.header.frame_id = "x" * size
    else:
        message.data = [0.0] * (size // 8)
    return serialize_message(message)


def oversized_proposal(points: int = POINTS) -> bytes:
    """Return a serialised proposal of empty points, written by hand because the library takes minutes."""
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

    # After a full flush the same rows give the same bytes: pack one block, and repeat it.
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


def stamped(serialised: bytes, stamp_ns: int) -> bytes:
    """Return a serialised message that begins with a header, with another stamp."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return serialised[:4] + struct.pack("<iI", sec, nanosec) + serialised[12:]
