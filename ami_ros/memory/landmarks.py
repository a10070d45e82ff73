# SPDX-License-Identifier: Apache-2.0
"""Landmarks: a few of many points, chosen so that every point is near one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.moment import Floats

CHUNK = 256  # points compared with the landmarks at once


class Landmarks:
    """A net over points (N, P), in their order: a point that is far from all landmarks becomes one.

    Source: epsilon-net by greedy insertion; Gonzalez, "Clustering to minimize the maximum intercluster
    distance" (1985).

    Args:
        size: size of a point (P).
        radius: a point nearer than this to a landmark does not become one.

    Attributes:
        points: (L, P) points of the landmarks.
    """

    def __init__(self, size: int, radius: float) -> None:
        self._radius = radius
        self.points: Floats = np.zeros((0, size), dtype=np.float32)

    def add(self, points: NDArray[Any]) -> tuple[NDArray[np.int64], list[int]]:
        """Add points (N, P); return the nearest landmark of each (N,), and which of them became one."""
        nearest = np.zeros(len(points), dtype=np.int64)
        new: list[int] = []
        for first in range(0, len(points), CHUNK):
            chunk = np.asarray(points[first : first + CHUNK], dtype=np.float32)
            nearest[first : first + CHUNK] = self._taken(chunk, first, new)
        return nearest, new

    def _taken(self, chunk: Floats, first: int, new: list[int]) -> NDArray[np.int64]:
        which, away = self.nearest(chunk)
        found: list[Floats] = []
        while len(far := np.flatnonzero(away > self._radius)):
            landmark = chunk[far[0]]
            to_it = np.linalg.norm(chunk - landmark, axis=1)
            nearer = to_it < away
            which[nearer], away[nearer] = len(self.points) + len(found), to_it[nearer]
            found.append(landmark)
            new.append(first + int(far[0]))
        if found:
            self.points = np.concatenate([self.points, found])
        return which

    def nearest(self, points: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return the nearest landmark of each point (N,), and the distance to it (N,)."""
        if not len(self.points):
            return np.zeros(len(points), dtype=np.int64), np.full(len(points), np.inf, dtype=np.float32)
        squares = (points**2).sum(axis=1)[:, None] + (self.points**2).sum(axis=1)
        squares = np.maximum(squares - 2.0 * points @ self.points.T, 0.0)
        which = squares.argmin(axis=1)
        return which, np.sqrt(squares[np.arange(len(points)), which])
