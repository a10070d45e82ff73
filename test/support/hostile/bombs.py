# SPDX-License-Identifier: Apache-2.0
"""Small files that claim, or become, much."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from contextlib import closing
from functools import cache
from pathlib import Path

import lz4.frame
import numpy as np
import zstandard
from mcap.writer import CompressionType, Writer
from recorded import IMAGE

from ami_ros.recordings.bags.bag_topic import types

Random = np.random.Generator
MANY = 3 * 2**30
TOPIC = "/camera/image_raw"


@cache
def _zstd(size: int) -> bytes:
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join([*(compressor.compress(bytes(2**24)) for _ in range(size // 2**24)), compressor.flush()])


@cache
def _lz4(size: int) -> bytes:
    compressor = lz4.frame.LZ4FrameCompressor()
    packed = [compressor.begin(), *(compressor.compress(bytes(2**24)) for _ in range(size // 2**24))]
    return b"".join([*packed, compressor.flush()])


def message(generator: Random, folder: Path) -> Path:
    """An MCAP whose only message is compressed by itself."""
    path = folder / "bomb.mcap"
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start("ros2")
        schema = writer.register_schema(IMAGE, "ros2msg", types().generate_msgdef(IMAGE)[0].encode())
        channel = writer.register_channel(TOPIC, "cdr", schema)
        for at in range(3):
            writer.add_message(channel, at, _zstd(2**30), at)
        writer.finish()
    return path


def chunk(generator: Random, folder: Path) -> Path:
    """An MCAP with a chunk of zeros; what it says of its size may be true or not."""
    name = str(generator.choice(["zstd", "lz4"]))
    data = _zstd(2**30) if name == "zstd" else _lz4(2**28)
    size = int(generator.choice([2**30, 2**28, 1000, 2**63 - 1]))
    content = struct.pack("<QQQI", 0, 1, size, 0) + struct.pack("<I", len(name)) + name.encode()
    content += struct.pack("<Q", len(data)) + data
    magic = b"\x89MCAP0\r\n"
    header = struct.pack("<BQ", 1, 8) + struct.pack("<II", 0, 0)
    path = folder / "bomb.mcap"
    path.write_bytes(magic + header + struct.pack("<BQ", 6, len(content)) + content)
    return path


def packed_file(generator: Random, folder: Path) -> Path:
    """A whole file of zeros that is packed."""
    path = folder / f"bomb.{generator.choice(['mcap', 'db3'])}.zstd"
    path.write_bytes(_zstd(MANY))
    return path


def blob(generator: Random, folder: Path) -> Path:
    """A SQLite bag whose messages are views, or zeros that take no place."""
    path = folder / "bomb.db3"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT, type TEXT, "
            "serialization_format TEXT, offered_qos_profiles TEXT)"
        )
        database.execute("INSERT INTO topics VALUES (1, ?, ?, 'cdr', '')", (TOPIC, IMAGE))
        many = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c{}) SELECT n, 1, n, {} FROM c"
        if generator.random() < 0.5:
            data = str(generator.choice(["zeroblob(900000000)", "x'00'"]))
            limit = str(generator.choice(["", " LIMIT 4"]))
            database.execute(
                f"CREATE VIEW messages (id, topic_id, timestamp, data) AS {many.format(limit, data)}"
            )
        else:
            database.execute(
                "CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id INTEGER, "
                "timestamp INTEGER, data BLOB)"
            )
            for at in range(2):
                database.execute("INSERT INTO messages VALUES (?, 1, ?, zeroblob(400000000))", (at, at))
        database.commit()
    return path


BAG_BOMBS = (message, chunk, packed_file, blob)


@cache
def _npz() -> bytes:
    shape = (20_000, 300, 300, 3)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with file.open("image.camera.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(64):
                member.write(bytes(2**25))
        with file.open("format_version.npy", "w") as member:
            np.lib.format.write_array(member, np.int64(3))
    return content.getvalue()


def npz(generator: Random, path: Path) -> None:
    """An episode whose arrays are zeros that take no place."""
    path.write_bytes(_npz())


def prepare() -> None:
    """Compress once what all bombs are made of."""
    _npz()
    for size in (2**30, MANY):
        _zstd(size)
    _lz4(2**28)
