# SPDX-License-Identifier: Apache-2.0
"""A wall with three sides: a straight path from inside to a goal behind its back is blocked."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray

STEP = 0.004  # m, between the places at which a straight way is checked


@dataclass(frozen=True)
class Trap:
    """Three walls around a rectangle with one open end, seen from above. The "bug trap" of planning.

    Source: Yershova et al., "Dynamic-domain RRTs" (2005), on why such traps are hard.

    Args:
        depth: inside, from the back to the open end, m.
        width: inside, m.
        thickness: of the walls, m.
    """

    depth: float
    width: float
    thickness: float

    @property
    def half_sizes(self) -> FloatArray:
        """Half the lengths (3, 2) of back, left and right wall, along the depth and across, m."""
        t, half = 0.5 * self.thickness, 0.5 * self.depth
        return np.array([[t, 0.5 * self.width + self.thickness], [half, t], [half, t]])

    @property
    def middles(self) -> FloatArray:
        """Middles (3, 2) of these walls, from the middle of the inside; the open end is at +x."""
        back, side = 0.5 * (self.depth + self.thickness), 0.5 * (self.width + self.thickness)
        return np.array([[-back, 0.0], [0.0, side], [0.0, -side]])

    def clearance(self, places: FloatArray) -> FloatArray:
        """Return how far places (N, 2), from the middle of the inside, are from the nearest wall (N,), m."""
        beyond = np.abs(places[:, None] - self.middles) - self.half_sizes
        away: FloatArray = np.linalg.norm(np.maximum(beyond, 0.0), axis=2).min(axis=1)
        return away

    def way(self, start: FloatArray, goal: FloatArray, clear: float) -> list[FloatArray]:
        """Return the places (2,) to pass on the shortest way between two places, the goal last.

        Args:
            start: (2,) from the middle of the inside.
            goal: (2,).
            clear: least distance from the walls, m; corners are passed slightly further off.
        """
        out = clear * 1.25 + self.thickness
        along, across = 0.5 * self.depth, 0.5 * self.width
        corners = [
            np.array([x, y])
            for x in (along + clear * 1.25, -along - out)
            for y in (-across - out, 0.0, across + out)
        ]
        places = [start, *corners, goal]
        count, last = len(places), len(places) - 1
        far = np.full((count, count), np.inf)
        for one, other in itertools.combinations(range(count), 2):
            if self._is_free(places[one], places[other], clear):
                far[one, other] = far[other, one] = math.dist(places[one], places[other])
        # Bellman-Ford suffices for eight places.
        best, before = np.full(count, np.inf), np.full(count, 0)
        best[0] = 0.0
        for _ in range(count):
            through = best[:, None] + far
            before = np.where(through.min(axis=0) < best, through.argmin(axis=0), before)
            best = np.minimum(best, through.min(axis=0))
        found = [last]
        while found[-1] != 0 and len(found) <= count:
            found.append(int(before[found[-1]]))
        return [places[index] for index in found[-2::-1]]

    def _is_free(self, start: FloatArray, end: FloatArray, clear: float) -> bool:
        steps = max(2, math.ceil(math.dist(start, end) / STEP))
        way = start + np.linspace(0.0, 1.0, steps)[:, None] * (end - start)
        # A start or goal nearer to a wall is allowed.
        least = min(clear, float(self.clearance(way[[0, -1]]).min())) - 1e-6
        return bool((self.clearance(way) >= least).all())
