# SPDX-License-Identifier: Apache-2.0
"""What a camera that stands still always sees, and what moves in front of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.types import ImageArray

SAMPLE = 200  # images that the usual picture is made of, at most
MOST_MOVING = 0.6  # share of the picture: where more differs, the camera itself moves


class Scenery:
    """The usual picture of one camera.

    Args:
        images: (N, H, W, 3) uint8 of it, over all recordings.
        levels: grey levels of 255; what differs by more from the usual picture moves.

    Attributes:
        picture: (H, W, 3) uint8, the median: of a camera that stands still, the scene without what moves.
        stands: whether the camera stands still. Of one that moves nothing is told apart.
    """

    def __init__(self, images: ImageArray, levels: int) -> None:
        chosen = np.linspace(0, len(images) - 1, min(SAMPLE, len(images))).round().astype(int)
        sample = images[chosen]
        self._levels = levels
        self.picture: ImageArray = np.median(sample, axis=0).astype(np.uint8)
        self.stands = float(np.mean([self._differs(image).mean() for image in sample])) < MOST_MOVING

    def foreground(self, image: ImageArray) -> NDArray[np.bool_]:
        """Return which pixels (H, W) of an image show what moves; none where the camera itself moves."""
        if not self.stands:
            return np.zeros(image.shape[:2], dtype=bool)
        # Single pixels are noise.
        return cv2.medianBlur(self._differs(image).astype(np.uint8), 3).astype(bool)

    def _differs(self, image: ImageArray) -> NDArray[np.bool_]:
        change = np.abs(image.astype(np.int16) - self.picture).max(axis=-1)
        return np.asarray(change > self._levels)


def sceneries(images: Sequence[ImageArray], levels: int) -> list[Scenery]:
    """Return that of each camera, whose images are (E, S + 1, H, W, 3) uint8."""
    return [Scenery(array.reshape(-1, *array.shape[2:]), levels) for array in images]
