# SPDX-License-Identifier: Apache-2.0
"""Stamp and content of a serialised message, without decoding the rest."""

from __future__ import annotations

import struct
import zlib

from ami_ros.errors import ObservationError
from ami_ros.ros.wire.messages import NS_PER_S

_ENCAPSULATION = 4  # bytes before the content; the second one's lowest bit is the byte order


def stamp_of_serialised(data: bytes) -> int:
    """Return the stamp, in ns, of a serialised message that begins with a std_msgs/Header.

    Source: OMG DDSI-RTPS 2.5, section 10.2 (encapsulation), and XCDR 1 for int32 and uint32.

    Raises:
        ObservationError: fewer bytes than a stamp has.
    """
    if len(data) < _ENCAPSULATION + 8:
        raise ObservationError(
            f"image: got {len(data)} serialised bytes, expected at least {_ENCAPSULATION + 8}"
        )
    order = "<" if data[1] & 1 else ">"
    sec, nanosec = struct.unpack_from(f"{order}iI", data, _ENCAPSULATION)
    return int(sec) * NS_PER_S + int(nanosec)


def flag_of_serialised(data: bytes) -> bool | None:
    """Return the value of a serialised std_msgs/Bool; None if the bytes are not such a message.

    Source: see `stamp_of_serialised`; a boolean is one byte, 0 or 1.
    """
    if len(data) <= _ENCAPSULATION or data[_ENCAPSULATION] > 1:
        return None
    return bool(data[_ENCAPSULATION])


def content_of_serialised(data: bytes) -> int | None:
    """Return a hash of the pixels of a serialised sensor_msgs/Image; None without pixels.

    Header and size do not count: the same picture with a fresh stamp has the same hash.

    Source: sensor_msgs/Image (header, height, width, encoding, is_bigendian, step, data) in XCDR 1, where
    numbers are aligned to their size from the start of the content, and strings end with a zero byte.

    Raises:
        ObservationError: the bytes end before the pixels do.
    """
    content = memoryview(data)[_ENCAPSULATION:]
    order = "<" if data[1] & 1 else ">"
    try:
        at = _after_string(content, 8, order)  # header: stamp, frame_id
        at = _after_string(content, _aligned(at) + 8, order)  # height, width, encoding
        at = _aligned(at + 1) + 4  # is_bigendian, step
    except struct.error as error:
        raise ObservationError(f"image: got {len(data)} serialised bytes, expected a whole image") from error
    return _hash(content, at, order)


def content_of_compressed(data: bytes) -> int | None:
    """Return a hash of the data of a serialised sensor_msgs/CompressedImage; None without data.

    Source: sensor_msgs/CompressedImage (header, format, data) in XCDR 1, see `content_of_serialised`.

    Raises:
        ObservationError: the bytes end before the data do.
    """
    content = memoryview(data)[_ENCAPSULATION:]
    order = "<" if data[1] & 1 else ">"
    try:
        at = _aligned(_after_string(content, _after_string(content, 8, order), order))
    except struct.error as error:
        raise ObservationError(
            f"compressed image: got {len(data)} serialised bytes, expected a whole image"
        ) from error
    return _hash(content, at, order)


def _hash(content: memoryview, at: int, order: str) -> int | None:
    """Return a hash of the bytes whose length is at `at`."""
    try:
        (length,) = struct.unpack_from(f"{order}I", content, at)
    except struct.error as error:
        raise ObservationError(f"image: got {len(content)} bytes, expected a whole image") from error
    pixels = content[at + 4 : at + 4 + length]
    if len(pixels) != length:
        raise ObservationError(f"image: got {len(pixels)} of {length} bytes of pixels")
    return zlib.crc32(pixels) if length else None


def _after_string(content: memoryview, at: int, order: str) -> int:
    at = _aligned(at)
    (length,) = struct.unpack_from(f"{order}I", content, at)
    return at + 4 + int(length)


def _aligned(at: int) -> int:
    return (at + 3) & ~3
