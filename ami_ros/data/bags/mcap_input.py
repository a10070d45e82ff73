# SPDX-License-Identifier: Apache-2.0
"""Read MCAP from its beginning, without the summary at its end: of a cut-off file all that is left."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, Message, Schema
from mcap.stream_reader import StreamReader, get_chunk_data_stream

from ami_ros.data.bags.bag_message import BagMessage, FoundTopic

# What damaged files make the library and the decompressors raise.
DAMAGE = (McapError, struct.error, ValueError, zstandard.ZstdError, RuntimeError, MemoryError, OverflowError)
_HEAD = struct.Struct("<BQ")  # of a record: what it is, and how long. Source: MCAP specification, "Records"
_READ: dict[int, Callable[[ReadDataStream, int], Any]] = {
    Opcode.SCHEMA: lambda stream, length: Schema.read(stream),
    Opcode.CHANNEL: lambda stream, length: Channel.read(stream),
    Opcode.MESSAGE: Message.read,
}


def read_mcap(path: Path, tell: Callable[[str], object]) -> Iterator[BagMessage]:
    """Yield the messages of a file in its order.

    Args:
        path: of the file.
        tell: is told what of it cannot be read.
    """
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    with path.open("rb") as file:
        for record in _records(file, path.stat().st_size, lambda text: tell(f"{path.name}: {text}")):
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Message) and record.channel_id in channels:
                channel = channels[record.channel_id]
                schema = schemas.get(channel.schema_id)
                if channel.message_encoding == "cdr" and schema is not None:
                    yield BagMessage(channel.topic, schema.name, record.log_time, record.data)


def mcap_topics(path: Path) -> list[FoundTopic] | None:
    """Return what the summary says of a file's topics; None where there is no summary."""
    try:
        with path.open("rb") as file:
            summary = make_reader(file).get_summary()
    except DAMAGE:
        return None
    if summary is None or summary.statistics is None or not summary.schemas:
        return None
    counts = summary.statistics.channel_message_counts
    return [
        FoundTopic(channel.topic, summary.schemas[channel.schema_id].name, counts.get(channel.id, 0))
        for channel in summary.channels.values()
        if channel.schema_id in summary.schemas and channel.message_encoding == "cdr"
    ]


def _records(file: BinaryIO, size: int, tell: Callable[[str], object]) -> Iterator[Any]:
    """Yield the records of a file, those in its chunks, too."""
    reader = StreamReader(file, emit_chunks=True, record_size_limit=size)
    whole, ended = 0, False
    try:
        for record in reader.records:
            whole = file.tell()
            if isinstance(record, Chunk):
                yield from _unpacked(record, tell)
            else:
                yield record
        ended = True
    except DAMAGE as error:
        problem = str(error) or "the file ends here"
    if ended:
        return
    if whole == 0:
        tell(f"no MCAP file, or nothing of it is left ({problem})")
        return
    tell(
        f"cut off or damaged after byte {whole} of {size} ({problem}); everything before that was read, "
        "and what can be told of the chunk after it"
    )
    yield from _salvaged(file, whole)


def _unpacked(chunk: Chunk, tell: Callable[[str], object]) -> Iterator[Any]:
    try:
        stream, length = get_chunk_data_stream(chunk, validate_crc=True)
        data = stream.read(length)
    except DAMAGE as error:
        tell(f"a chunk of {len(chunk.data)} bytes is damaged ({error}) and was left out")
        return
    yield from _within(data)


def _salvaged(file: BinaryIO, begin: int) -> Iterator[Any]:
    """Yield the whole messages of a chunk that is cut off."""
    try:
        file.seek(begin)
        opcode, _ = _HEAD.unpack(file.read(_HEAD.size))
        if opcode != Opcode.CHUNK:
            return
        chunk = Chunk.read(ReadDataStream(file))
        data = chunk.data
        if chunk.compression == "zstd":
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        elif chunk.compression == "lz4":
            data = lz4.frame.LZ4FrameDecompressor().decompress(data)
    except DAMAGE:
        return
    yield from _within(data)


def _within(data: bytes) -> Iterator[Any]:
    """Yield the records in the content of a chunk, up to the last one that is whole."""
    at = 0
    while at + _HEAD.size <= len(data):
        opcode, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if at + length > len(data):
            return
        if read := _READ.get(opcode):
            try:
                yield read(ReadDataStream(BytesIO(data[at : at + length])), length)
            except DAMAGE:
                return
        at += length
