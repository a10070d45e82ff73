# SPDX-License-Identifier: Apache-2.0
"""Decode a PNG or JPEG, after a check of what it claims to hold."""

from __future__ import annotations

import numpy as np

from ami_ros.errors import ImageError
from ami_ros.recordings.image_header import checked_compressed
from ami_ros.types import ImageArray


def decoded(data: bytes, most_pixels: int, what: str = "") -> ImageArray:
    """Return the pixels of a JPEG or PNG as (H, W, 3) uint8 RGB.

    Args:
        data: the whole file.
        most_pixels: width times height may be no more; refused before anything is decoded.
        what: the format that it reports, for messages.

    Raises:
        ImageError: too many pixels, or OpenCV cannot decode it.
    """
    import cv2  # here: the gate starts without it, in a quarter of a second less

    checked_compressed(data, most_pixels)
    try:
        bgr = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise ImageError(
            f"compressed image: got {len(data)} bytes{what} which cannot be decoded, "
            "expected a complete jpeg or png"
        )
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
