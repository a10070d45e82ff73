# SPDX-License-Identifier: Apache-2.0
"""How far points are from the border of an area in the plane."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray


def room(points: FloatArray, polygon: FloatArray) -> FloatArray:
    """Return the distance (S,) of points (S, 2) from the border of a polygon (N, 2), m; negative outside.

    Source: distance from a segment by projection, and even-odd rule for what is inside; Ericson, "Real-Time
    Collision Detection" (2005), sections 5.1.2 and 5.4.1.
    """
    start, end = polygon, np.roll(polygon, -1, axis=0)
    along = end - start
    gap = points[:, None] - start
    share = (gap * along).sum(axis=2) / (along * along).sum(axis=1)
    away = gap - np.minimum(np.maximum(share, 0.0), 1.0)[..., None] * along
    distance = np.sqrt((away * away).sum(axis=2).min(axis=1))
    x, y = points[:, :1], points[:, 1:]
    spans = (start[:, 1] > y) != (end[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = start[:, 0] + (y - start[:, 1]) / along[:, 1] * along[:, 0]
    inside = (spans & (x < crossing)).sum(axis=1) % 2 == 1
    # A point with NaN is never inside.
    return np.where(np.isfinite(distance), np.where(inside, distance, -distance), -np.inf)


def crosses_itself(polygon: FloatArray) -> bool:
    """Return whether two edges of a polygon (N, 2) that are not adjacent meet."""
    count = len(polygon)
    edges = [(polygon[i], polygon[(i + 1) % count]) for i in range(count)]
    apart = [(i, j) for i in range(count) for j in range(i + 2, count) if (j + 1) % count != i]
    return any(_meet(*edges[i], *edges[j]) for i, j in apart)


def _meet(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> bool:
    def side(p: FloatArray, q: FloatArray, r: FloatArray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return side(a, b, c) * side(a, b, d) <= 0.0 and side(c, d, a) * side(c, d, b) <= 0.0
