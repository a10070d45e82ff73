# SPDX-License-Identifier: Apache-2.0
"""Read MCAP from its beginning, without the summary at its end: of a cut-off file all that is left."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
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
from mcap.summary import Summary

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
    summary, homeless = _summary(path), 0
    schemas: dict[int, Schema] = dict(summary.schemas) if summary else {}
    channels: dict[int, Channel] = dict(summary.channels) if summary else {}
    chunks = sorted(index.chunk_start_offset for index in summary.chunk_indexes) if summary else []
    with path.open("rb") as file:
        for record in _records(file, path.stat().st_size, chunks, lambda text: tell(f"{path.name}: {text}")):
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Message):
                channel = channels.get(record.channel_id)
                schema = None if channel is None else schemas.get(channel.schema_id)
                if channel is None or schema is None:
                    homeless += 1
                elif channel.message_encoding == "cdr":
                    yield BagMessage(channel.topic, schema.name, record.log_time, record.data)
    if homeless:
        tell(f"{path.name}: what {homeless} messages were said on is lost, and so are they")


def mcap_topics(path: Path) -> list[FoundTopic] | None:
    """Return what the summary says of a file's topics; None where there is no summary."""
    summary = _summary(path)
    if summary is None or summary.statistics is None or not summary.schemas:
        return None
    counts = summary.statistics.channel_message_counts
    return [
        FoundTopic(channel.topic, summary.schemas[channel.schema_id].name, counts.get(channel.id, 0))
        for channel in summary.channels.values()
        if channel.schema_id in summary.schemas and channel.message_encoding == "cdr"
    ]


def _summary(path: Path) -> Summary | None:
    try:
        with path.open("rb") as file:
            return make_reader(file).get_summary()
    except (*DAMAGE, OSError):  # the latter of files that are too short to have one
        return None


def _records(
    file: BinaryIO, size: int, chunks: Sequence[int], tell: Callable[[str], object]
) -> Iterator[Any]:
    """Yield the records of a file, those in its chunks, too.

    Args:
        file: at its beginning.
        size: bytes in it.
        chunks: where chunks begin, from the summary: there it goes on after what cannot be read.
        tell: is told of that.
    """
    whole = 0
    while True:
        reader = StreamReader(file, skip_magic=whole > 0, emit_chunks=True, record_size_limit=size)
        try:
            for record in reader.records:
                whole = file.tell()
                if isinstance(record, Chunk):
                    yield from _unpacked(record, tell)
                else:
                    yield record
            return
        except DAMAGE as error:
            problem = str(error) or "the file ends here"
        where = f"cut off or damaged after byte {whole} of {size} ({problem})"
        further = next((begin for begin in chunks if begin > whole), None)
        if further is None:
            break
        tell(f"{where}; goes on at byte {further}")
        whole = further
        file.seek(whole)
    if whole == 0:
        tell(f"no MCAP file, or nothing of it is left ({problem})")
        return
    tell(f"{where}; everything before that was read, and what can be told of the chunk after it")
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
