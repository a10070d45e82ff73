# SPDX-License-Identifier: Apache-2.0
"""Pictures as a memory stores them: lossless, so that a model encodes them to the same states again."""

from __future__ import annotations

import cv2

from ami_ros.errors import ImageError, MemoryFileError
from ami_ros.recordings.decoding import decoded
from ami_ros.types import ImageArray, checked_image

LEVEL = 1  # of compression: a tenth larger than the best, in half the time
MOST_PIXELS = 2**20  # of one picture in a file from elsewhere
MOST_BYTES = 4 * MOST_PIXELS  # of one value there: a PNG of that many pixels, even of noise, is smaller


def packed(image: ImageArray) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as a PNG."""
    bgr = cv2.cvtColor(checked_image(image), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, LEVEL])[1])


def unpacked(png: bytes, what: str) -> ImageArray:
    """Return the image (H, W, 3) uint8 RGB of a PNG.

    Args:
        png: the whole file.
        what: name of the picture in messages.

    Raises:
        MemoryFileError: not a picture, damaged, or far too large.
    """
    try:
        return decoded(png, MOST_PIXELS)
    except ImageError as error:
        raise MemoryFileError(f"{what}: {error}; `ami-ros memory forget` it") from error
