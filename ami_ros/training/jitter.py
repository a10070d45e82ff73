# SPDX-License-Identifier: Apache-2.0
"""Moves and recolours the pictures of a window alike: a few recorded scenes become many."""

from __future__ import annotations

import numpy as np

from ami_ros.types import ImageArray

OFFSET = 0.3  # of the gain: largest change of all colours alike, share of their range


def jittered(pictures: ImageArray, shift: float, gain: float, generator: np.random.Generator) -> ImageArray:
    """Return windows of pictures (B, T, H, W, 3), each window moved and recoloured at random.

    What is true of a window stays true: all of its pictures, and its goal, are of one camera in one light.

    Source: Yarats, Kostrikov and Fergus, "Image augmentation is all you need" (2021), for the shift: padded
    by repeating the border, then cut out somewhere.

    Args:
        pictures: uint8.
        shift: largest shift, share of the height.
        gain: largest change of each colour's strength, as a share of it; 0: colours stay.
        generator: random numbers.
    """
    height, width = pictures.shape[2:4]
    most = round(shift * height)
    padded = np.pad(pictures, ((0, 0), (0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    places = generator.integers(2 * most + 1, size=(len(pictures), 2))
    moved = np.stack(
        [
            window[:, row : row + height, column : column + width]
            for window, (row, column) in zip(padded, places, strict=True)
        ]
    )
    if not gain:
        return moved
    strength = 1.0 + gain * generator.uniform(-1.0, 1.0, (len(pictures), 1, 1, 1, 3))
    offset = 255.0 * OFFSET * gain * generator.uniform(-1.0, 1.0, (len(pictures), 1, 1, 1, 1))
    lit = moved * strength.astype(np.float32) + offset.astype(np.float32)
    seen: ImageArray = np.clip(np.rint(lit), 0.0, 255.0).astype(np.uint8)
    return seen
