# SPDX-License-Identifier: Apache-2.0
"""Read MCAP from its beginning, without the summary at its end, which a cut-off file lacks.

No length is trusted: each is checked against the file's size and against what a robot can have recorded.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile, McapError
from mcap.opcode import Opcode
from mcap.records import Channel, ChunkIndex, Schema, Statistics

from ami_ros.errors import EpisodeError, shown
from ami_ros.recordings.bags.bag_message import MOST_MESSAGE_BYTES, BagMessage, FoundTopic
from ami_ros.recordings.bags.unpacking import MOST_CHUNK_BYTES, Allowance, unpacked_chunk
from ami_ros.recordings.problems import few_lines
from ami_ros.system.regular_file import open_regular

# Errors that the library and the decompressors raise on damaged data.
DAMAGE = (McapError, struct.error, ValueError, zstandard.ZstdError, RuntimeError, MemoryError, OverflowError)
MOST_DESCRIPTION_BYTES = 2**20  # of a type with all its parts, or of a topic's description
MOST_NAME = 256  # letters of a topic or type. Source: names of topics in DDS-RTPS, string<256>
MOST_NS = 2**63 - 1  # ROS has signed times
# Source: MCAP specification, "Records".
_MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")  # of a record: opcode and length
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, times of receipt and publication
_CHUNK = struct.Struct("<QQQII")  # times, size and CRC of its content, length of its compression's name
_LENGTH = struct.Struct("<Q")
_FOOTER = struct.Struct("<BQQQI8s")  # head, where the summary and its offsets begin, CRC, magic


class _Channel(NamedTuple):
    topic: str
    encoding: str
    schema: int


@dataclass
class _Summary:
    """The summary at the end of a complete file.

    Attributes:
        schemas: names of types.
        channels: topic and type of each.
        chunks: where chunks begin.
        counts: messages by channel; None if not given.
    """

    schemas: dict[int, str] = field(default_factory=dict)
    channels: dict[int, _Channel] = field(default_factory=dict)
    chunks: list[int] = field(default_factory=list)
    counts: dict[int, int] | None = None


def read_mcap(
    path: Path, tell: Callable[[str], object], packed_bytes: int | None = None
) -> Iterator[BagMessage]:
    """Yield the messages of a file in its order.

    Args:
        path: of the file.
        tell: receives what cannot be read.
        packed_bytes: size on disk, which limits what the file can hold; None: it is not packed.
    """
    with few_lines(path.name, tell) as note:
        try:
            with open_regular(path) as file:
                size = file.seek(0, SEEK_END)
                allowance = Allowance(size if packed_bytes is None else packed_bytes)
                yield from _Reader(file, size, allowance, note).messages()
        except OSError as error:
            note(f"cannot be read: {error.strerror or error}")
        except EpisodeError as error:
            note(f"{error}; the rest is left out")


def mcap_topics(path: Path) -> list[FoundTopic] | None:
    """Return the topics in a file's summary; None without a summary."""
    try:
        with open_regular(path) as file:
            summary = _summary(file, file.seek(0, SEEK_END))
    except OSError:
        return None
    if summary is None or summary.counts is None or not summary.schemas:
        return None
    return [
        FoundTopic(channel.topic, summary.schemas[channel.schema], summary.counts.get(number, 0))
        for number, channel in summary.channels.items()
        if channel.schema in summary.schemas and channel.encoding == "cdr"
    ]


class _Reader:
    """Walks along one file.

    Args:
        file: of it.
        size: bytes in it.
        allowance: limits on its content.
        note: receives what cannot be read.
    """

    def __init__(
        self, file: BinaryIO, size: int, allowance: Allowance, note: Callable[[str], object]
    ) -> None:
        self._file, self._size, self._allowance, self._note = file, size, allowance, note
        summary = _summary(file, size) or _Summary()
        self._schemas, self._channels, self._chunks = (
            summary.schemas,
            summary.channels,
            sorted(summary.chunks),
        )
        self._homeless = self._whole = 0

    def messages(self) -> Iterator[BagMessage]:
        """Yield the messages, including those in chunks.

        Raises:
            EpisodeError: there are more than the file can hold.
        """
        self._file.seek(0)
        if self._file.read(len(_MAGIC)) == _MAGIC:
            self._whole = len(_MAGIC)
            problem = yield from self._walk()
        else:
            problem = "it has no MCAP header"
        while problem:
            where = f"cut off or damaged after byte {self._whole} of {self._size} ({problem})"
            further = bisect_right(self._chunks, self._whole)
            if further < len(self._chunks):
                self._whole = self._chunks[further]
                self._note(f"{where}; reading resumes at byte {self._whole}")
                problem = yield from self._walk()
            elif self._whole == 0:
                self._note(f"not an MCAP file, or damaged from the start ({problem})")
                break
            else:
                self._note(
                    f"{where}; everything before it was read, and the readable part of the chunk after it"
                )
                yield from self._salvaged()
                break
        if self._homeless:
            self._note(f"{self._homeless} messages are lost: the descriptions of their topics are missing")

    def _walk(self) -> Generator[BagMessage, None, str]:
        """Yield the messages as long as everything before is intact; return why it ends, "" at the end."""
        try:
            for opcode, begin, length in _heads(self._file, self._whole, self._size, self._allowance):
                if opcode == Opcode.FOOTER:
                    self._file.seek(begin + length)
                    return "" if self._file.read(len(_MAGIC)) == _MAGIC else "the file ends here"
                if opcode == Opcode.CHUNK:
                    yield from self._of_chunk(length)
                elif (message := self._take(self._file, opcode, length)) is not None:
                    yield message
                self._whole = begin + length
        except DAMAGE as error:
            return str(error) or "the file ends here"
        return "the file ends here"

    def _of_chunk(self, length: int) -> Iterator[BagMessage]:
        try:
            data = self._unpacked(length, cut_off=False)
        except DAMAGE as error:
            self._note(f"a chunk of {length} bytes is damaged ({error}) and was left out")
            return
        self._allowance.take_bytes(len(data))
        try:
            yield from self._within(data)
        except DAMAGE as error:
            self._note(
                f"a chunk is damaged ({error or 'it ends within a record'}); the rest of it is left out"
            )

    def _salvaged(self) -> Iterator[BagMessage]:
        """Yield the complete messages of a chunk that is cut off."""
        try:
            self._file.seek(self._whole)
            opcode, _ = _HEAD.unpack(self._file.read(_HEAD.size))
            if opcode == Opcode.CHUNK:
                yield from self._within(self._unpacked(self._size - self._file.tell(), cut_off=True))
        except DAMAGE:
            return

    def _unpacked(self, length: int, cut_off: bool) -> bytes:
        """Return the content of the chunk of `length` bytes at the current position."""
        _, _, size, crc, letters = _CHUNK.unpack(self._file.read(_CHUNK.size))
        if letters > MOST_NAME:
            raise ValueError(f"got a compression name of {letters} characters, expected at most {MOST_NAME}")
        compression = self._file.read(letters).decode()
        (packed,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
        there = length - _CHUNK.size - letters - _LENGTH.size
        if packed > MOST_CHUNK_BYTES or (packed > there and not cut_off):
            raise ValueError(
                f"its header claims {packed} bytes, expected at most {min(there, MOST_CHUNK_BYTES)}"
            )
        data = self._file.read(min(packed, max(there, 0)))
        return unpacked_chunk(data, compression, size, None if cut_off else crc)

    def _within(self, data: bytes) -> Iterator[BagMessage]:
        """Yield the messages in the content of a chunk, up to the last complete one."""
        stream = BytesIO(data)
        for opcode, _, length in _heads(stream, 0, len(data), self._allowance):
            if (message := self._take(stream, opcode, length)) is not None:
                yield message

    def _take(self, stream: BinaryIO, opcode: int, length: int) -> BagMessage | None:
        """Return the next message in the stream; keep descriptions of topics and types."""
        if opcode == Opcode.MESSAGE:
            return self._message(stream, length)
        if opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
            try:
                self._keep(opcode, _content(stream, length))
            except DAMAGE as error:
                what = "type" if opcode == Opcode.SCHEMA else "topic"
                self._note(f"the description of a {what} is damaged: {error or 'it is cut off'}")
        return None

    def _keep(self, opcode: int, content: ReadDataStream) -> None:
        if opcode == Opcode.SCHEMA:
            number, name = _schema(content)
            self._schemas[number] = name
        else:
            number, channel = _channel(content)
            self._channels[number] = channel

    def _message(self, stream: BinaryIO, length: int) -> BagMessage | None:
        if not _MESSAGE.size <= length <= _MESSAGE.size + MOST_MESSAGE_BYTES:
            self._note(f"a message of {length} bytes was left out, expected at most {MOST_MESSAGE_BYTES}")
            return None
        number, _, log_ns, _ = _MESSAGE.unpack(stream.read(_MESSAGE.size))
        channel = self._channels.get(number)
        kind = None if channel is None else self._schemas.get(channel.schema)
        if channel is None or kind is None:
            self._homeless += 1
        elif channel.encoding == "cdr" and log_ns > MOST_NS:
            self._note(
                f"a message of {channel.topic} was left out: got time {log_ns} ns, expected at most {MOST_NS}"
            )
        elif channel.encoding == "cdr":
            return BagMessage(channel.topic, kind, log_ns, stream.read(length - _MESSAGE.size))
        return None


def _heads(stream: BinaryIO, begin: int, end: int, allowance: Allowance) -> Iterator[tuple[int, int, int]]:
    """Yield the opcode, start and length of each record's content; the stream is at that start then.

    Raises:
        McapError: one is cut off or invalid.
        EpisodeError: there are more than the file can hold.
    """
    while begin < end:
        stream.seek(begin)
        head = stream.read(_HEAD.size)
        begin += _HEAD.size
        if begin > end or len(head) < _HEAD.size:
            raise EndOfFile
        opcode, length = _HEAD.unpack(head)
        if opcode == 0:
            raise McapError("got a record of kind 0")
        if begin + length > end:
            raise EndOfFile
        allowance.take_record()
        yield opcode, begin, length
        begin += length


def _content(stream: BinaryIO, length: int) -> ReadDataStream:
    if length > MOST_DESCRIPTION_BYTES:
        raise ValueError(f"got {length} bytes, expected at most {MOST_DESCRIPTION_BYTES}")
    return ReadDataStream(BytesIO(stream.read(length)))


def _schema(content: ReadDataStream) -> tuple[int, str]:
    schema = Schema.read(content)
    return schema.id, _name(schema.name)


def _channel(content: ReadDataStream) -> tuple[int, _Channel]:
    channel = Channel.read(content)
    return channel.id, _Channel(_name(channel.topic), channel.message_encoding, channel.schema_id)


def _name(text: str) -> str:
    if len(text) > MOST_NAME:
        raise ValueError(f"got the name {shown(text)}, expected at most {MOST_NAME} characters")
    return text


def _summary(file: BinaryIO, size: int) -> _Summary | None:
    """Return the summary of a file; None without a readable one."""
    found = _Summary()
    try:
        end = size - _FOOTER.size
        file.seek(max(end, 0))
        opcode, _, begin, _, _, magic = _FOOTER.unpack(file.read(_FOOTER.size))
        if opcode != Opcode.FOOTER or magic != _MAGIC or begin == 0:
            return None
        for opcode, _, length in _heads(file, begin, end, Allowance(size)):
            if opcode == Opcode.SCHEMA:
                number, name = _schema(_content(file, length))
                found.schemas[number] = name
            elif opcode == Opcode.CHANNEL:
                number, channel = _channel(_content(file, length))
                found.channels[number] = channel
            elif opcode == Opcode.CHUNK_INDEX:
                found.chunks.append(ChunkIndex.read(_content(file, length)).chunk_start_offset)
            elif opcode == Opcode.STATISTICS:
                found.counts = Statistics.read(_content(file, length)).channel_message_counts
    except (*DAMAGE, EpisodeError):
        return None
    return found
