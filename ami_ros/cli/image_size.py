# SPDX-License-Identifier: Apache-2.0
"""Image sizes as people write them."""

from __future__ import annotations

import re

from ami_ros.errors import ConfigError, shown

LARGEST = 16_384  # px


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of ``640x480``.

    Raises:
        ConfigError: it is written otherwise, or a side is zero or that of no camera.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    width, height = (int(side) for side in match.groups()) if match else (0, 0)
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ConfigError(
            f"image size: got {shown(text)}, expected WIDTHxHEIGHT in pixels up to {LARGEST}, e.g. 640x480"
        )
    return width, height
