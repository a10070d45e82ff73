# SPDX-License-Identifier: Apache-2.0
"""Other colours for windows that do not look plain: more looks than were recorded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.episode import PLAIN_LOOK
from ami_ros.types import FloatArray, ImageArray

BLACK = 0.3  # how far black may move, share of the largest change


def jittered(
    images: ImageArray, looks: NDArray[np.int64], largest: float, generator: np.random.Generator
) -> ImageArray:
    """Mix the colour channels of each look anew; windows that look alike stay alike, plain ones stay plain.

    An object on a table of an unusual colour moves the latent less than it should, and the planner believes
    too early that it has arrived: the more looks the encoder has seen, the better.

    Args:
        images: (B, T, H, W, 3) uint8.
        looks: (B,) which windows look alike.
        largest: change of each coefficient of the mixing, in [0, 1).
        generator: random numbers.
    """
    changed = images.copy()
    for look in np.unique(looks):
        if look == PLAIN_LOOK:
            continue
        mixing, offset = _mixing(largest, generator)
        chosen = looks == look
        mixed = images[chosen].astype(np.float32) @ mixing + offset
        changed[chosen] = np.clip(np.rint(mixed), 0.0, 255.0).astype(np.uint8)
    return changed


def _mixing(largest: float, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return a matrix (3, 3) whose columns keep grey about as bright as it is, and an offset (3,)."""
    between = generator.uniform(-largest / 2, largest / 2, size=(3, 3))
    gain = 1.0 + generator.uniform(-largest, largest, size=3)
    np.fill_diagonal(between, 0.0)
    mixing = between - np.diag(between.sum(axis=0)) + np.eye(3)
    offset = generator.uniform(-largest, largest, size=3) * BLACK * 255.0
    return (mixing * gain).astype(np.float32), offset.astype(np.float32)
