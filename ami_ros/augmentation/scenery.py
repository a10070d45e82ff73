# SPDX-License-Identifier: Apache-2.0
"""The permanent view of a stationary camera, and what moves in front of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.sim.camera.variation import SCENERY
from ami_ros.types import ImageArray

SAMPLE = 200  # largest number of images for the usual picture
PAINTS = 3  # distinguished colours of what moves
MOST_PIXELS = 20_000  # from which a set of colours is computed
MOST_MOVING = 0.6  # share of the picture: if more differs, the camera itself moves


class Scenery:
    """The usual picture of one camera.

    Args:
        images: (N, H, W, 3) uint8 of it, over all recordings.
        levels: grey levels of 255; pixels that differ from the usual picture by more count as moving.

    Attributes:
        picture: (H, W, 3) uint8, the median: for a stationary camera, the scene without what moves.
        surfaces: colours (SCENERY, 3) of the scenery, as of a table and a wall; if the camera moves, of all.
        paints: colours (PAINTS, 3) of what moves.
        stands: whether the camera is stationary. If not, scenery and foreground cannot be separated.
    """

    def __init__(self, images: ImageArray, levels: int) -> None:
        chosen = np.linspace(0, len(images) - 1, min(SAMPLE, len(images))).round().astype(int)
        sample = images[chosen]
        self._levels = levels
        self.picture: ImageArray = np.median(sample, axis=0).astype(np.uint8)
        differs = np.stack([self._differs(image) for image in sample])
        self.stands = float(differs.mean()) < MOST_MOVING
        self.surfaces = colours(self.picture if self.stands else sample, SCENERY)
        self._usual = nearest(smooth(self.picture), self.surfaces)
        moving = sample[differs] if self.stands and differs.any() else self.picture
        self.paints = colours(moving, PAINTS)

    def foreground(self, image: ImageArray) -> NDArray[np.bool_]:
        """Return which pixels (H, W) of an image show what moves; none if the camera itself moves."""
        if not self.stands:
            return np.zeros(image.shape[:2], dtype=bool)
        # Single pixels are noise.
        return cv2.medianBlur(self._differs(image).astype(np.uint8), 3).astype(bool)

    def parts(self, image: ImageArray) -> NDArray[np.intp]:
        """Return the part in each pixel (H, W): surface i as i, and paint i of what moves as SCENERY + i."""
        if not self.stands:
            return nearest(smooth(image), self.surfaces)
        parts, moves = self._usual.copy(), self.foreground(image)
        parts[moves] = SCENERY + nearest(smooth(image)[moves], self.paints)
        return parts

    def _differs(self, image: ImageArray) -> NDArray[np.bool_]:
        change = np.abs(image.astype(np.int16) - self.picture).max(axis=-1)
        return np.asarray(change > self._levels)


def colours(pixels: ImageArray, count: int) -> NDArray[np.float32]:
    """Return the `count` representative colours (count, 3) of pixels (..., 3), from dark to light.

    Equal pixels give equal colours: k-means from an even split along the lightness.
    """
    flat = pixels.reshape(-1, 3)
    flat = flat[np.linspace(0, len(flat) - 1, min(MOST_PIXELS, len(flat))).round().astype(int)]
    order = flat.astype(np.int32).sum(axis=1).argsort(kind="stable")
    labels = np.empty((len(flat), 1), np.int32)
    labels[order, 0] = np.arange(len(flat)) * count // len(flat)
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 0.1)
    flags = cv2.KMEANS_USE_INITIAL_LABELS
    centres = cv2.kmeans(flat.astype(np.float32), count, labels, until, 1, flags)[2]
    return np.asarray(centres[centres.sum(axis=1).argsort()], np.float32)


def smooth(image: ImageArray) -> NDArray[np.float32]:
    """Return an image without the noise of single pixels, which would match another colour."""
    return cv2.medianBlur(image, 3).astype(np.float32)


def nearest(pixels: NDArray[np.float32], among: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the index of the nearest colour (C, 3) for each pixel (..., 3)."""
    apart = np.linalg.norm(pixels[..., None, :] - among, axis=-1)
    return np.asarray(apart.argmin(axis=-1))


def sceneries(images: Sequence[ImageArray], levels: int) -> list[Scenery]:
    """Return the scenery of each camera, with images (E, S + 1, H, W, 3) uint8."""
    return [Scenery(array.reshape(-1, *array.shape[2:]), levels) for array in images]
