# SPDX-License-Identifier: Apache-2.0
"""The pixels of an image message, whichever library has unpacked it.

Nothing here trusts a message: a publisher may be wrong in every field.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ami_ros.errors import ImageError
from ami_ros.recordings.decoding import decoded
from ami_ros.recordings.image_header import checked_size
from ami_ros.types import ImageArray

UNLIMITED = sys.maxsize  # pixels, of images that we made ourselves
# Encoding -> which channels are red, green and blue. Source: sensor_msgs/image_encodings.hpp.
CHANNELS: dict[str, tuple[int, tuple[int, int, int]]] = {
    "rgb8": (3, (0, 1, 2)),
    "bgr8": (3, (2, 1, 0)),
    "rgba8": (4, (0, 1, 2)),
    "bgra8": (4, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
}


def image_from_ros(message: Any, most_pixels: int = UNLIMITED) -> ImageArray:
    """Return the pixels of a sensor_msgs/Image as (H, W, 3) uint8 RGB.

    Rows may be padded (`step`); `is_bigendian` means nothing for 8-bit channels and is ignored.

    Args:
        message: the image.
        most_pixels: width times height may be no more.

    Raises:
        ImageError: no pixels, too many, an unknown encoding, or a `step` or amount of data that contradicts
            the size.
    """
    if message.encoding not in CHANNELS:
        raise ImageError(f"image encoding: got {message.encoding!r}, expected one of {', '.join(CHANNELS)}")
    width, height = checked_size(int(message.width), int(message.height), most_pixels, "image")
    channels, order = CHANNELS[message.encoding]
    row, step, length = width * channels, int(message.step), len(message.data)
    if step < row:
        raise ImageError(
            f"image step: got {step} bytes per row, expected at least {row} "
            f"for {width} pixels of {message.encoding}"
        )
    if length != step * height:
        raise ImageError(
            f"image data: got {length} bytes, expected {step * height} = step {step} x height {height} "
            f"({width}x{height} {message.encoding})"
        )
    pixels = np.frombuffer(message.data, dtype=np.uint8).reshape(height, step)[:, :row]
    pixels = pixels.reshape(height, width, channels)
    return np.ascontiguousarray(pixels[:, :, list(order)])


def image_from_compressed(message: Any, most_pixels: int) -> ImageArray:
    """Return the pixels of a sensor_msgs/CompressedImage, a JPEG or PNG, as (H, W, 3) uint8 RGB.

    Args:
        message: the image.
        most_pixels: width times height may be no more; refused before anything is decoded.

    Raises:
        ImageError: too many pixels, or OpenCV cannot decode it.
    """
    return decoded(bytes(message.data), most_pixels, f" of format {message.format!r}")
