# SPDX-License-Identifier: Apache-2.0
"""Unpack data, but no more of it than a robot can have recorded.

A few kilobytes can ask for gigabytes, or for millions of messages.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

import lz4.frame
import zstandard

from ami_ros.errors import EpisodeError, shown
from ami_ros.recordings.bags.bag_message import MOST_MESSAGE_BYTES

# Writers close a chunk with the message that fills it: the largest usual ones have 64 MB.
MOST_CHUNK_BYTES = MOST_MESSAGE_BYTES + 2**26
# Largest growth of a file when unpacked; a simulator's pictures, which have no noise, grow 100 times.
MOST_TIMES = 1000
# In a file per record, on average, however well it is packed: message times differ. Booleans at exactly
# 1 kHz take 4 bytes.
LEAST_RECORD_BYTES = 2
_PIECE = 2**20


def most_unpacked(packed_bytes: int) -> int:
    """Return how many bytes a file of `packed_bytes` may unpack to."""
    return max(MOST_CHUNK_BYTES, MOST_TIMES * packed_bytes)


class Allowance:
    """Limits on the content of one file.

    Args:
        packed_bytes: its size on the disk.
    """

    def __init__(self, packed_bytes: int) -> None:
        self._packed_bytes = packed_bytes
        self._records, self._bytes = packed_bytes // LEAST_RECORD_BYTES, most_unpacked(packed_bytes)

    def take_record(self) -> None:
        """Count a record. Raises EpisodeError: there are too many."""
        self._records -= 1
        if self._records < 0:
            most = self._packed_bytes // LEAST_RECORD_BYTES
            raise EpisodeError(
                f"got more records than a file of {self._packed_bytes} bytes can hold ({most})"
            )

    def take_bytes(self, unpacked: int) -> None:
        """Count unpacked bytes. Raises EpisodeError: there are too many."""
        self._bytes -= unpacked
        if self._bytes < 0:
            most = most_unpacked(self._packed_bytes)
            raise EpisodeError(
                f"a file of {self._packed_bytes} bytes unpacks to more than {most} bytes, expected less"
            )


def zstd_pieces(packed: bytes | BinaryIO) -> Iterator[bytes]:
    """Yield the content of zstd frames, in pieces of some MB. Raises zstandard.ZstdError: it is damaged."""
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        while piece := reader.read(_PIECE):
            yield piece


def unpacked_zstd(packed: bytes, most_bytes: int) -> bytes:
    """Return the content of zstd frames, as far as it goes.

    Raises:
        ValueError: it is more than `most_bytes`.
        zstandard.ZstdError: it is damaged.
    """
    content = io.BytesIO()
    for piece in zstd_pieces(packed):
        if content.tell() + len(piece) > most_bytes:
            raise _too_long(most_bytes)
        content.write(piece)
    return content.getvalue()


def unpacked_lz4(packed: bytes, most_bytes: int) -> bytes:
    """Return the content of an lz4 frame, as far as it goes.

    Raises:
        ValueError: it is more than `most_bytes`.
        RuntimeError: it is damaged.
    """
    content: bytes = lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=most_bytes + 1)
    if len(content) > most_bytes:
        raise _too_long(most_bytes)
    return content


def _plain(packed: bytes, most_bytes: int) -> bytes:
    if len(packed) > most_bytes:
        raise _too_long(most_bytes)
    return packed


# By their names in MCAP. Source: MCAP specification, "Well-known compression formats".
UNPACK: Mapping[str, Callable[[bytes, int], bytes]] = {
    "": _plain,
    "lz4": unpacked_lz4,
    "zstd": unpacked_zstd,
}


def unpacked_chunk(packed: bytes, compression: str, size: int, crc: int | None = None) -> bytes:
    """Return the content of an MCAP chunk.

    Args:
        packed: as stored in the file.
        compression: its name.
        size: unpacked size that the chunk declares, bytes.
        crc: of the content, 0 for unknown; None for a chunk that is cut off: all available content is
            returned.

    Raises:
        ValueError: it is too large, its size or CRC differs from the declared one, or its compression is
            unknown.
        zstandard.ZstdError, RuntimeError: it is damaged.
    """
    if compression not in UNPACK:
        raise ValueError(f"got compression {shown(compression)}, expected one of {list(UNPACK)}")
    if size > MOST_CHUNK_BYTES:
        raise ValueError(f"its header claims {size} bytes, expected at most {MOST_CHUNK_BYTES}")
    content = UNPACK[compression](packed, size)
    if crc is not None and len(content) != size:
        raise ValueError(f"got {len(content)} bytes, expected {size}")
    if crc and zlib.crc32(content) != crc:
        raise ValueError(f"got crc {zlib.crc32(content):08x}, expected {crc:08x}")
    return content


def _too_long(most_bytes: int) -> ValueError:
    return ValueError(f"it unpacks to more than {most_bytes} bytes")
