# SPDX-License-Identifier: Apache-2.0
"""Pictures as they lie in a memory: without loss, so that they are encoded again to the same states."""

from __future__ import annotations

import cv2
import numpy as np

from ami_ros.data.image_header import checked_compressed
from ami_ros.errors import MemoryFileError
from ami_ros.types import ImageArray, checked_image

LEVEL = 1  # of compression: a tenth larger than the best, in half of the time
MOST_PIXELS = 2**20  # of one picture in a file from elsewhere


def packed(image: ImageArray) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as a PNG."""
    bgr = cv2.cvtColor(checked_image(image), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, LEVEL])[1])


def unpacked(png: bytes, what: str) -> ImageArray:
    """Return the image (H, W, 3) uint8 RGB of a PNG.

    Args:
        png: the whole of it.
        what: its name in messages.

    Raises:
        ImageError: it is no picture, or a far too large one.
        MemoryFileError: it is damaged.
    """
    checked_compressed(png, MOST_PIXELS)
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise MemoryFileError(f"{what}: got a damaged picture, expected a PNG; `ami-ros memory forget` it")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
