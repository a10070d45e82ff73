# SPDX-License-Identifier: Apache-2.0
"""What a real camera does to the image: blur, exposure, noise and compression, in this order."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.sim.camera.variation import Exposure, View
from ami_ros.types import ImageArray

POOL_FRAMES = 4  # noise is drawn for this many frames at once and cut out at random: drawing is slow


class Sensor:
    """The camera's electronics; the same images for a seed and a sequence of frames.

    Args:
        variation: its blur, exposure, noise and compression.
        seed: of the noise, one number or several.
    """

    def __init__(self, variation: View, seed: int | list[int]) -> None:
        self._variation = variation
        self._generator = np.random.default_rng(seed)
        self._noise = np.zeros(0, dtype=np.int16)
        self._curve = None if variation.exposure == Exposure() else _curve(variation.exposure)

    def expose(self, image: ImageArray) -> ImageArray:
        """Return what the camera delivers of a scene that looks like `image` (H, W, 3) uint8 RGB."""
        variation = self._variation
        seen: NDArray[Any] = image
        if variation.blur_sigma > 0.0:
            seen = cv2.GaussianBlur(seen, (0, 0), variation.blur_sigma)
        if self._curve is not None:
            seen = cv2.LUT(seen, self._curve)
        if variation.noise_std > 0.0:
            seen = cv2.add(seen, self._next_noise(seen.shape), dtype=cv2.CV_8U)
        if variation.jpeg_quality is not None:
            seen = _compressed(seen, variation.jpeg_quality)
        return seen

    def _next_noise(self, shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        if len(self._noise) < POOL_FRAMES * size:
            drawn = self._generator.standard_normal(POOL_FRAMES * size, dtype=np.float32)
            self._noise = np.rint(drawn * self._variation.noise_std).astype(np.int16)
        start = int(self._generator.integers(len(self._noise) - size + 1))
        return self._noise[start : start + size].reshape(shape)


def _curve(exposure: Exposure) -> ImageArray:
    """Return the response (256, 1, 3) uint8 of the three channels to every grey level."""
    tone = (np.arange(256) / 255.0) ** exposure.gamma * 2.0**exposure.stops
    gains = np.array([exposure.red, 1.0, exposure.blue])
    curve: ImageArray = np.rint(np.clip(tone[:, None] * gains, 0.0, 1.0) * 255.0).astype(np.uint8)[:, None]
    return curve


def _compressed(image: NDArray[Any], quality: int) -> NDArray[Any]:
    """Return an RGB `image` after JPEG; OpenCV's order of channels is BGR."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
