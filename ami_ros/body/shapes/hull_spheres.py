# SPDX-License-Identifier: Apache-2.0
"""Cover a convex hull with few spheres that protrude little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ami_ros.body.shapes.convex_hull import ConvexBody, Hull
from ami_ros.types import FloatArray

TOLERANCE = 0.025  # m: how far spheres may protrude from a hull
MOST = 24  # spheres of one hull: a link that would need more gets a coarser cover
STEPS = 60
SHRINK = 0.92  # factor per step: over 60 steps, to less than a hundredth


class Sphere(NamedTuple):
    """A sphere around a part of a hull.

    Attributes:
        sticks_out: how far it reaches beyond the hull at most, m.
        centre: (3,) m.
        radius: m.
    """

    sticks_out: float
    centre: FloatArray
    radius: float


def hull_spheres(hull: Hull, tolerance: float = TOLERANCE, most: int = MOST) -> list[Sphere]:
    """Return spheres that together hold every point of `hull`.

    The hull is cut in two, then the part whose sphere protrudes most, and so on, until no sphere protrudes by
    more than `tolerance` (m) or there are `most`. A part is convex: a sphere that holds its vertices holds
    all of it.
    """
    parts: list[tuple[ConvexBody, Sphere]] = [(hull, _sphere_around(hull, hull))]
    while len(parts) < most:
        worst = max(range(len(parts)), key=lambda part: parts[part][1].sticks_out)
        if parts[worst][1].sticks_out <= tolerance:
            break
        body, _ = parts.pop(worst)
        parts += [(half, _sphere_around(half, hull)) for half in body.halves()]
    return [sphere for _, sphere in parts]


def _sphere_around(part: ConvexBody, hull: Hull) -> Sphere:
    """Return the sphere around a part that protrudes least from the whole.

    A sphere of radius r around c reaches max_i (n_i c - b_i) + r beyond the faces n_i x <= b_i. With r the
    way to the furthest vertex this is convex in c, so descent finds the minimum. It need not be exact: for
    any c, the sphere holds the part.

    Source: subgradient method with a geometric step, Boyd et al., "Subgradient Methods", Stanford EE364b.
    """
    centre = part.vertices.mean(axis=0)
    step = 0.25 * float(np.linalg.norm(np.ptp(part.vertices, axis=0)))
    best = Sphere(np.inf, centre, np.inf)
    for _ in range(STEPS):
        away = centre - part.vertices
        squared = np.einsum("ij,ij->i", away, away)
        furthest = int(squared.argmax())
        radius = float(np.sqrt(squared[furthest]))
        beyond = hull.normals @ centre - hull.offsets
        nearest = int(beyond.argmax())
        sticks_out = radius + float(beyond[nearest])
        if sticks_out < best.sticks_out:
            best = Sphere(sticks_out, centre, radius)
        slope = away[furthest] / radius + hull.normals[nearest]
        steepness = float(np.linalg.norm(slope))
        if steepness < 1e-9:
            break
        centre = centre - step / steepness * slope
        step *= SHRINK
    return best
