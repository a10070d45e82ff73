# SPDX-License-Identifier: Apache-2.0
"""Boxes by name, around a simulated body or mounted on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting


@dataclass(frozen=True)
class Box:
    """Something that does not move by itself."""

    half_size: tuple[float, ...] = setting("half its side lengths", gt=0.0, le=100.0, unit="m")
    centre: tuple[float, ...] = setting("base frame", unit="m")
    colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)

    def __post_init__(self) -> None:
        for name, count in (("half_size", 3), ("centre", 3), ("colour", 4)):
            if len(getattr(self, name)) != count:
                raise EmbodimentError(f"{name}: got {getattr(self, name)}, expected {count} numbers")


def read_boxes(section: Any, here: str) -> dict[str, Box]:
    """Return the boxes of a section, by name, in its order.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: not a mapping of mappings.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{here}: got {shown(section)}, expected boxes by name")
    boxes = {}
    for name, values in section.items():
        if not isinstance(values, Mapping):
            raise EmbodimentError(f"{here}.{name}: got {shown(values)}, expected a mapping")
        boxes[str(name)] = load_settings(Box, values, where=f"{here}.{name}")
    return boxes
