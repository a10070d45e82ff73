# SPDX-License-Identifier: Apache-2.0
"""Small pictures for the report: PNG bytes, data URIs, and where two images differ."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from ami_ros.errors import ImageError
from ami_ros.types import ImageArray, checked_image


def png(image: ImageArray) -> bytes:
    """Encode an RGB image (H, W, 3) as PNG."""
    written, encoded = cv2.imencode(".png", cv2.cvtColor(checked_image(image), cv2.COLOR_RGB2BGR))
    if not written:
        raise ImageError(f"png: cannot encode an image of shape {image.shape}")
    return bytes(encoded)


def data_uri(content: bytes, mime: str) -> str:
    """Return `content` as a URI that needs no other file."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def overlay(goal: ImageArray, seen: ImageArray) -> ImageArray:
    """Overlay two images of one size (H, W, 3): grey where they agree.

    Parts dark only in the goal are red, parts dark only in the camera image are cyan: an object drawn twice
    is not where the goal shows it.

    Raises:
        ImageError: the sizes differ.
    """
    if checked_image(goal, "goal").shape != checked_image(seen, "seen").shape:
        raise ImageError(f"overlay: got {goal.shape} and {seen.shape}, expected two images of one size")
    wanted, found = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (goal, seen))
    return np.ascontiguousarray(np.stack([found, wanted, wanted], axis=2))
