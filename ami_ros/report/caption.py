# SPDX-License-Identifier: Apache-2.0
"""Text on pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ANCHORS = {"left": "la", "middle": "ma", "right": "ra"}  # Pillow's names, all at the text's top


class Canvas:
    """A copy of a picture (H, W, 3) for text."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self._picture = Image.fromarray(picture)
        self._draw = ImageDraw.Draw(self._picture)

    def text(
        self,
        position: tuple[int, int],
        text: str,
        colour: tuple[int, int, int],
        size_px: int,
        anchor: str = "left",
        bold: bool = False,
    ) -> None:
        """Write one line; `position` is the (x, y) of its upper left, middle or right end."""
        self._draw.text(position, text, fill=colour, font=_font(size_px, bold), anchor=ANCHORS[anchor])

    def image(self) -> NDArray[np.uint8]:
        """Return the picture as an array (H, W, 3) uint8."""
        return np.asarray(self._picture)


@cache
def _font(size_px: int, bold: bool) -> ImageFont.FreeTypeFont:
    # The one font file that certainly exists: matplotlib, which needs Pillow, ships it.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)), size_px)
