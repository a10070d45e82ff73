# SPDX-License-Identifier: Apache-2.0
"""MCAP files made by hand, which say what no writer would."""

from __future__ import annotations

import struct
import zlib

import lz4.frame
import zstandard

MAGIC = b"\x89MCAP0\r\n"
NUMBERS = "std_msgs/msg/Float64MultiArray"
TOPIC = "/numbers"
PACK = {"": bytes, "lz4": lz4.frame.compress, "zstd": zstandard.compress}


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<BQ", kind, len(content)) + content


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def schema(number: int = 1, name: str = NUMBERS) -> bytes:
    return record(3, struct.pack("<H", number) + text(name) + text("ros2msg") + text(""))


def channel(number: int = 1, topic: str = TOPIC, metadata: bytes = b"") -> bytes:
    content = struct.pack("<HH", number, 1) + text(topic) + text("cdr")
    return record(4, content + struct.pack("<I", len(metadata)) + metadata)


def message(log_ns: int, data: bytes = b"", number: int = 1) -> bytes:
    return record(5, struct.pack("<HIQQ", number, 0, log_ns, log_ns) + data)


def chunk(
    content: bytes, compression: str = "zstd", size: int | None = None, packed: bytes | None = None
) -> bytes:
    """Return a chunk, which may say of its size, or hold, something else."""
    packed = PACK[compression](content) if packed is None else packed
    about = struct.pack("<QQQI", 0, 1, len(content) if size is None else size, zlib.crc32(content))
    return record(6, about + text(compression) + struct.pack("<Q", len(packed)) + packed)


def mcap(*records: bytes, summary_at: int = 0) -> bytes:
    """Return a whole file."""
    footer = record(2, struct.pack("<QQI", summary_at, 0, 0))
    return b"".join(
        [MAGIC, record(1, text("ros2") + text("")), *records, record(15, bytes(4)), footer, MAGIC]
    )


ABOUT = schema() + channel()
BEGIN = len(MAGIC) + len(record(1, text("ros2") + text("")))  # where the first of `records` lies


def zstd_zeros(size: int) -> bytes:
    """Return zeros, packed without a place for all of them."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    pieces = [compressor.compress(bytes(2**24)) for _ in range(size // 2**24)]
    return b"".join([*pieces, compressor.flush()])
