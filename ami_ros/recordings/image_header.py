# SPDX-License-Identifier: Apache-2.0
"""What a PNG or JPEG claims to hold, read before a decoder trusts it.

A few bytes can ask a decoder for gigabytes, so everything that decides its memory is checked first.
Anything irregular is refused: whatever we read differently from the decoder would slip through.
"""

from __future__ import annotations

import re
import struct

from ami_ros.errors import ImageError

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Text in a PNG: each chunk of some KB is unpacked to as much as 8 MB, whatever the size of the image.
_PNG_TEXT = (b"zTXt", b"iTXt")
# Each scan of a progressive JPEG takes a few bytes and costs a pass over the image. Encoders write about ten.
MOST_SCANS = 30
# Data before an image's size or pixels costs time, too. Encoders write a few segments, and chunks of 8 KB
# or more.
MOST_SEGMENTS, MOST_CHUNKS = 1000, 2**16
_FILL = re.compile(rb"\xff+")  # before a marker, in any number. Source: ITU-T T.81, B.1.1.2
# What may stand before a JPEG's size: tables, application data, comments. Source: ITU-T T.81, table B.1.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BEFORE_FRAME = frozenset({0xC4, 0xCC, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE})
_START_OF_SCAN = b"\xff\xda"


def checked_size(width: int, height: int, most_pixels: int, what: str) -> tuple[int, int]:
    """Return (width, height) of an image that may be taken.

    Raises:
        ImageError: no pixels, or more than `most_pixels`.
    """
    if width < 1 or height < 1:
        raise ImageError(f"{what}: got {width}x{height} pixels, expected at least 1x1")
    if width * height > most_pixels:
        raise ImageError(
            f"{what}: got {width}x{height} = {width * height} pixels, expected at most {most_pixels} "
            "(max_image_pixels); make the camera send smaller images, or raise the limit"
        )
    return width, height


def checked_compressed(data: bytes, most_pixels: int) -> tuple[int, int]:
    """Return (width, height) of a PNG or JPEG that is safe to decode.

    Args:
        data: the whole file.
        most_pixels: width times height may be no more.

    Raises:
        ImageError: another format, truncated, too large, or made to take much more memory or time than its
            pixels are worth.
    """
    if data.startswith(PNG):
        width, height = _png_size(data)
    elif data.startswith(JPEG):
        width, height = _jpeg_size(data)
    else:
        raise ImageError(f"compressed image: got {data[:8].hex(' ') or 'no data'}, expected a jpeg or a png")
    return checked_size(width, height, most_pixels, "compressed image")


def _png_size(data: bytes) -> tuple[int, int]:
    # Source: PNG specification (third edition), sections 5.2 to 5.6.
    size: tuple[int, int] | None = None
    at = len(PNG)
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if (kind == b"IHDR") != (size is None) or (kind == b"IHDR" and length != 13):
            raise ImageError(f"png: got chunk {kind!r} of {length} bytes, expected IHDR of 13 first")
        if kind in _PNG_TEXT:
            raise ImageError(f"png: got a chunk {kind.decode()}, expected an image without compressed text")
        if at + 12 + length > len(data):
            break  # decoders allocate the declared size before they read the chunk
        if size is None:
            size = struct.unpack_from(">II", data, at + 8)
        if kind == b"IEND":
            return size
        at += 12 + length
    raise ImageError(
        f"png: got {len(data)} bytes that end within a chunk, expected a complete file up to IEND in at most "
        f"{MOST_CHUNKS} chunks"
    )


def _jpeg_size(data: bytes) -> tuple[int, int]:
    # Segments are jumped over, so the size of a thumbnail in one is not taken for the image's.
    at = len(JPEG)
    for _ in range(MOST_SEGMENTS):
        fill = _FILL.match(data, at)
        at = at if fill is None else fill.end() - 1
        if at + 9 > len(data):
            break
        start, marker, length, _, height, width = struct.unpack_from(">BBHBHH", data, at)
        if start != 0xFF or marker not in _START_OF_FRAME | _BEFORE_FRAME or length < 2:
            raise ImageError(
                f"jpeg: got {data[at : at + 4].hex(' ')} at byte {at}, expected a segment or the size"
            )
        if marker in _START_OF_FRAME:
            if (scans := data.count(_START_OF_SCAN)) > MOST_SCANS:
                raise ImageError(f"jpeg: got {scans} scans, expected at most {MOST_SCANS}")
            return width, height
        at += 2 + length
    raise ImageError(
        f"jpeg: got {len(data)} bytes without a size, expected a complete file with the size in the first "
        f"{MOST_SEGMENTS} segments"
    )
