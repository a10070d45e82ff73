# SPDX-License-Identifier: Apache-2.0
"""What an MP4 claims to hold, read before FFmpeg trusts it.

A few bytes can claim 80 million frames.

Source: ISO/IEC 14496-12, sections 4.2 and 8.6 to 8.8.
"""

from __future__ import annotations

import io
import re
import struct
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from ami_ros.errors import ImageError

LEAST_FRAME_BYTES = 4  # in a file, on average: it stores the size of each frame
MOST_HEADER_BYTES = 2**26  # of everything but pictures, for a million frames
_PICTURES = b"mdat"
_BOX = struct.Struct(">I4s")
_LONG = struct.Struct(">Q")
# Tables, in any box, that give the number of frames: of sizes, of runs of times, of pieces.
_TABLES = re.compile(rb"stsz|stz2|stts|ctts|trun|cmov")
_AT = {b"stsz": 8, b"stz2": 8, b"trun": 4}  # offset of that number after their names
_RUNS_AT = 8  # offset of pairs of a number of frames and their time
_COUNT = struct.Struct(">I")


def check_video(file: BinaryIO) -> None:
    """Check what a video claims, and rewind it.

    Raises:
        ImageError: it is no video, or claims more frames than it can hold.
    """
    size = file.seek(0, io.SEEK_END)
    most = size // LEAST_FRAME_BYTES
    counts: Counter[bytes] = Counter()
    for header in _headers(file, size):
        for table in _TABLES.finditer(header):
            counts[table[0]] += _frames(header, table.end(), table[0])
    if counts and (count := max(counts.values())) > most:
        raise ImageError(f"video: got {count} frames in {size} bytes, expected at most {most}")
    file.seek(0)


def _headers(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the boxes of a file that are not pictures."""
    at, left = 0, MOST_HEADER_BYTES
    while at + _BOX.size <= size:
        file.seek(at)
        length, kind = _BOX.unpack(file.read(_BOX.size))
        if length == 1 and at + 16 <= size:
            (length,) = _LONG.unpack(file.read(_LONG.size))
        end = size if length == 0 else at + length
        if end - at < _BOX.size or (end > size and kind != _PICTURES):
            raise ImageError(
                f"video: got a box of {length} bytes at byte {at} of {size}, expected a whole one"
            )
        if kind != _PICTURES:
            left -= end - at
            if left < 0:
                raise ImageError(
                    f"video: got more than {MOST_HEADER_BYTES} bytes without pictures, expected less"
                )
            file.seek(at)
            yield file.read(end - at)
        at = end


def _frames(header: bytes, at: int, kind: bytes) -> int:
    """Return the number of frames that a table claims."""
    if kind == b"cmov":
        raise ImageError("video: got a compressed header, expected a plain one")
    if kind in _AT:
        place = at + _AT[kind]
        return _COUNT.unpack_from(header, place)[0] if place + _COUNT.size <= len(header) else 0
    runs = np.frombuffer(
        header, ">u4", offset=at + _RUNS_AT, count=max(0, (len(header) - at - _RUNS_AT) // 4)
    )
    (listed,) = _COUNT.unpack_from(header, at + 4) if at + 8 <= len(header) else (0,)
    return int(runs[: 2 * listed : 2].sum(dtype=np.int64))
