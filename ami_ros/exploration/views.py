# SPDX-License-Identifier: Apache-2.0
"""Counts the new images of a camera: a greedy net over small grey images.

An image is kept if it is further than a radius from all kept images. Source: Gonzalez, "Clustering to
minimize the maximum intercluster distance" (1985), in the order of arrival.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import ConfigError
from ami_ros.types import ImageArray

SIDE = 8  # px of a small image


class Views:
    """The mutually different small images of one camera.

    Args:
        radius: root of the mean squared difference that makes an image new, grey levels.
        most: largest number kept; after that, no image counts as new.
    """

    def __init__(self, radius: float, most: int) -> None:
        self._radius, self._most = radius, most
        self._kept = np.zeros((0, SIDE * SIDE), dtype=np.uint8)

    def __len__(self) -> int:
        """Return the number of new images."""
        return len(self._kept)

    def see(self, image: ImageArray) -> None:
        """Add an image (H, W, 3)."""
        if len(self._kept) >= self._most:
            return
        grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        small: NDArray[np.uint8] = np.asarray(grey, dtype=np.uint8).reshape(1, -1)
        away = self._kept.astype(np.float32) - small
        if not len(away) or float((away**2).mean(axis=1).min()) > self._radius**2:
            self._kept = np.concatenate([self._kept, small])

    def state(self) -> str:
        """Return what `restore` needs, ready for JSON."""
        return base64.b64encode(self._kept.tobytes()).decode()

    def restore(self, state: Any) -> None:
        """Continue from the result of `state`.

        Raises:
            ConfigError: the state is damaged.
        """
        try:
            kept = np.frombuffer(base64.b64decode(state, validate=True), dtype=np.uint8)
            self._kept = kept.reshape(-1, SIDE * SIDE).copy()
        except (TypeError, ValueError, binascii.Error) as error:
            raise ConfigError(f"images of a camera: expected base64 of {SIDE} x {SIDE} px each") from error
