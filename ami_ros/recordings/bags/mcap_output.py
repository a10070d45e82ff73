# SPDX-License-Identifier: Apache-2.0
"""One MCAP file that is complete up to its last flush, even if the process dies or the disk fills up.

Each flush closes a chunk. Its topics and types are in it or before it, so the file can be read without
the summary that only `close` writes.
"""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, Writer

from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.system.whole_file import PRIVATE

COMPRESSIONS = {"none": CompressionType.NONE, "lz4": CompressionType.LZ4, "zstd": CompressionType.ZSTD}
CHUNK_BYTES = 1 << 20  # uncompressed


class McapOutput:
    """Writes messages of many topics.

    Args:
        path: of the file, which does not exist yet.
        compression: of chunks: one of COMPRESSIONS.

    Raises:
        OSError: it cannot be created.
    """

    def __init__(self, path: Path, compression: str) -> None:
        self._stream = _WholeWrites(path)
        self._writer = Writer(self._stream, CHUNK_BYTES, COMPRESSIONS[compression])  # type: ignore[arg-type]
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._writer.start(profile="ros2", library="ami_ros")
        self._stream.flush()

    @property
    def size(self) -> int:
        """Bytes so far, including those that wait for the next flush."""
        return self._stream.tell()

    def write(self, topic: BagTopic, log_ns: int, publish_ns: int, data: bytes) -> None:
        """Take a message; it is in the file after the next `flush`."""
        channel = self._channels.get(topic.name)
        if channel is None:
            channel = self._channels[topic.name] = self._register(topic)
        self._writer.add_message(channel, log_ns, data, publish_ns)

    def flush(self) -> None:
        """Write everything taken to disk. Raises OSError: what does not fit is left out of the file."""
        self._writer.flush()

    def close(self) -> None:
        """Write the summary, with which readers seek instead of reading everything. Raises OSError."""
        try:
            self._writer.finish()
            self._stream.flush()
        finally:
            self._stream.close()

    def abandon(self) -> None:
        """Leave the file as the last flush left it: readable, without a summary."""
        with suppress(OSError):
            self._stream.close()

    def _register(self, topic: BagTopic) -> int:
        schema = self._schemas.get(topic.type)
        if schema is None:
            text = topic.definition.encode()
            schema = self._schemas[topic.type] = self._writer.register_schema(topic.type, "ros2msg", text)
        # Source: rosbag2_storage_mcap, names of a channel's metadata.
        about = {"offered_qos_profiles": topic.qos_yaml, "topic_type_hash": topic.type_hash}
        return self._writer.register_channel(topic.name, "cdr", schema, about)


class _WholeWrites:
    """A stream that writes its input in one go when it is flushed: all of it or nothing."""

    def __init__(self, path: Path) -> None:
        # For its owner alone: it contains pictures.
        self._file = FileIO(str(path), "x", opener=functools.partial(os.open, mode=PRIVATE))
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else a power cut could take the file's name
        finally:
            os.close(folder)
        self._waiting: list[Any] = []
        self._waiting_bytes = self._end = 0

    def write(self, data: bytes) -> int:
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self._end + self._waiting_bytes

    def flush(self) -> None:
        left = memoryview(b"".join(self._waiting))
        self._waiting, self._waiting_bytes, size = [], 0, len(left)
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fdatasync(self._file.fileno())
        except OSError:
            self._file.truncate(self._end)  # no half a chunk
            self._file.seek(self._end)
            raise
        self._end += size

    def close(self) -> None:
        self._file.close()
