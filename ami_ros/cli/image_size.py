# SPDX-License-Identifier: Apache-2.0
"""Image sizes as people write them."""

from __future__ import annotations

import re

from ami_ros.errors import ConfigError


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of ``640x480``.

    Raises:
        ConfigError: it is written otherwise, or a side is zero.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None or "0" in (sides := (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0")):
        raise ConfigError(f"image size: got {text!r}, expected WIDTHxHEIGHT in pixels, e.g. 640x480")
    return int(sides[0]), int(sides[1])
