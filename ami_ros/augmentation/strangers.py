# SPDX-License-Identifier: Apache-2.0
"""Objects unseen in training, pasted into recorded pictures.

Source: Dwibedi, Misra and Hebert, "Cut, paste and learn: surprisingly easy synthesis for instance detection"
(2017).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.augmentation.scenery import Scenery
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import PATTERNS, VARIANTS, Texture
from ami_ros.types import ImageArray

SIZES = (0.05, 0.14)  # radius, share of the picture's width
CORNERS = (3, 9)  # of its outline; with many it is round
COVERS = 0.2  # largest share of it that may lie over what moves
ATTEMPTS = 50
SMOOTH = 4  # scale at which its outline is drawn, so that its edge is soft


class Stranger:
    """A flat object at a place in the picture, the same in each picture.

    Args:
        generator: of its outline, colours and place.
        size: (width, height) of the pictures, px.
    """

    def __init__(self, generator: np.random.Generator, size: tuple[int, int]) -> None:
        width, height = size
        corners = int(generator.integers(*CORNERS))
        angles = np.sort(generator.uniform(0.0, 2.0 * np.pi, corners))
        radii = generator.uniform(0.6, 1.0, corners) * generator.uniform(*SIZES) * width
        centre = generator.uniform([0.1 * width, 0.1 * height], [0.9 * width, 0.9 * height])
        outline = centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        large = np.zeros((SMOOTH * height, SMOOTH * width), np.float32)
        cv2.fillPoly(large, [np.rint(SMOOTH * outline).astype(np.int32)], 1.0)
        self._opacity = cv2.resize(large, size, interpolation=cv2.INTER_AREA)[..., None]
        drawn = Texture(PATTERNS[generator.integers(len(PATTERNS))], int(generator.integers(VARIANTS)), 0.5)
        grain = cv2.resize(draw_texture(drawn), size, interpolation=cv2.INTER_LINEAR) / 255.0
        lit = 1.0 + generator.uniform(-0.3, 0.3) * np.linspace(-1.0, 1.0, width)[None, :, None]
        self._surface = generator.uniform(20.0, 255.0, 3) * grain * lit

    def covers(self, foreground: NDArray[np.bool_]) -> float:
        """Return the share of it over what moves, `foreground` (H, W); 1 if none of it is visible."""
        shown = float(self._opacity.sum())
        return float(self._opacity[..., 0][foreground].sum()) / shown if shown > 0.0 else 1.0

    def pasted(self, image: ImageArray, foreground: NDArray[np.bool_]) -> ImageArray:
        """Return an image (H, W, 3) with it, behind what moves."""
        opacity = self._opacity * ~foreground[..., None]
        return np.clip(np.rint(image + opacity * (self._surface - image)), 0, 255).astype(np.uint8)


def clear_stranger(generator: np.random.Generator, scenery: Scenery, images: ImageArray) -> Stranger | None:
    """Return an object visible in each of these images (N, H, W, 3); None: there is no room.

    Where the light is unusual, the whole picture counts as what moves.
    """
    seen = [scenery.foreground(image) for image in images]
    if any(foreground.all() for foreground in seen):
        return None
    for _ in range(ATTEMPTS):
        stranger = Stranger(generator, scenery.picture.shape[1::-1])
        if max(stranger.covers(foreground) for foreground in seen) <= COVERS:
            return stranger
    return None
