# SPDX-License-Identifier: Apache-2.0
"""Procedural patterns for surfaces: what a table top or a wall may look like."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from ami_ros.sim.camera.variation import PATTERNS, Texture
from ami_ros.types import ImageArray

TEXTURE_SIZE = 64  # px, square


@functools.lru_cache(maxsize=256)
def draw_texture(texture: Texture) -> ImageArray:
    """Return the pattern (TEXTURE_SIZE, TEXTURE_SIZE, 3) uint8, white at its brightest.

    Grey: the surface keeps its colour and darkens where the pattern is, by `contrast` at most.
    """
    generator = np.random.default_rng([texture.variant, PATTERNS.index(texture.pattern)])
    period = generator.uniform(0.04, 0.2) * TEXTURE_SIZE
    row, column = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.float32)
    phase = generator.uniform(0.0, period, size=2)
    if texture.pattern == "checks":
        depth = ((row + phase[0]) // period + (column + phase[1]) // period) % 2
    elif texture.pattern == "stripes":
        angle = generator.uniform(0.0, np.pi)
        along = row * np.cos(angle) + column * np.sin(angle)
        depth = 0.5 + 0.5 * np.sin(2.0 * np.pi * (along + phase[0]) / period)
    else:  # clouds are round; grain is stretched along one axis, as in wood
        field = generator.normal(size=(TEXTURE_SIZE, TEXTURE_SIZE)).astype(np.float32)
        wide = period if texture.pattern == "grain" else period / 3.0
        narrow = 0.6 if texture.pattern == "grain" else period / 3.0
        depth = cv2.GaussianBlur(field, (0, 0), wide, sigmaY=narrow)
        depth = (depth - depth.min()) / max(float(np.ptp(depth)), 1e-6)
    grey = 255.0 * (1.0 - texture.contrast * depth)
    return np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, axis=2)
