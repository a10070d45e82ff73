# SPDX-License-Identifier: Apache-2.0
"""Walls that no part of the agent's disc passes, at any moment of a step.

Source: DavidSunok/CLEAR-LeWM, EVALUATION_SPEC.md, for the rule: the complete disc is swept along each step,
slides along what it touches, and passes a doorway only with its full radius. The environment itself looks
at the end of a step only, and lets the disc overlap the jambs by more than its radius.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray

STRIDE = 0.05  # px; a disc is moved, and looked at, this often: far less than its radius
TOUCH = 1e-3  # px; a disc that touches a wall does not overlap it


@dataclass(frozen=True, eq=False)
class Walls:
    """A rectangle in which a disc moves, and solid rectangles in it; all in px.

    Attributes:
        low: least x and y of the disc's centre.
        high: greatest x and y of the disc's centre.
        solids: (N, 2, 2) lower and upper corners.
        radius: of the disc.
    """

    low: float
    high: float
    solids: FloatArray
    radius: float

    def clear(self, places: FloatArray) -> NDArray[np.bool_]:
        """Return whether discs at places (N, 2) overlap no wall (N,)."""
        inside = ((places >= self.low - TOUCH) & (places <= self.high + TOUCH)).all(axis=1)
        nearest = np.clip(places[:, None], self.solids[:, 0], self.solids[:, 1])
        away = np.linalg.norm(places[:, None] - nearest, axis=2)
        clear: NDArray[np.bool_] = inside & (away >= self.radius - TOUCH).all(axis=1)
        return clear

    def passes(self, start: FloatArray, end: FloatArray) -> bool:
        """Return whether a disc overlaps no wall anywhere between two places (2,)."""
        return bool(self.clear(_between(start, end)).all())

    def moved(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Return where a disc (2,) comes to that is pushed from one place (2,) to another."""
        strides = np.diff(_between(start, end), axis=0)
        place = np.array(start, dtype=np.float64)
        for stride in strides:
            place += stride
            for lower, upper in self.solids:
                nearest = np.clip(place, lower, upper)
                away = float(np.hypot(*(place - nearest)))
                if 0.0 < away < self.radius:
                    place = nearest + (place - nearest) * self.radius / away
            place = np.clip(place, self.low, self.high)
        return place


def wall_with_doors(
    side: float,
    border: float,
    radius: float,
    middle: float,
    half: float,
    doors: Sequence[tuple[float, float]],
) -> Walls:
    """Return a square with a vertical wall across its middle.

    Args:
        side: of the picture, px.
        border: thickness of the outer walls, px.
        radius: of the disc, px.
        middle: x of the wall, px.
        half: half of the wall's thickness, px.
        doors: y of their middles and half of their widths, px, from the top down.
    """
    edges = [0.0, *(edge for door, width in doors for edge in (door - width, door + width)), side]
    solids = [
        [[middle - half, top], [middle + half, bottom]]
        for top, bottom in zip(edges[::2], edges[1::2], strict=True)
    ]
    return Walls(border + radius, side - border - radius, np.array(solids), radius)


def _between(start: FloatArray, end: FloatArray) -> FloatArray:
    """Return places (M, 2) from one place (2,) to another, at most a stride apart."""
    count = max(1, int(np.ceil(np.hypot(*(end - start)) / STRIDE)))
    share = np.linspace(0.0, 1.0, count + 1)[:, None]
    places: FloatArray = start + share * (end - start)
    return places
