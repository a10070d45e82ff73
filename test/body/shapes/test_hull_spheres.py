# SPDX-License-Identifier: Apache-2.0
"""Every point of a hull is in a sphere, and no sphere sticks out further than it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ami_ros.body.shapes.convex_hull import hull_of
from ami_ros.body.shapes.hull_spheres import MOST, TOLERANCE, Sphere, hull_spheres

COORDINATES = st.floats(-0.4, 0.4, allow_subnormal=False)


def beyond(spheres: list[Sphere], points: np.ndarray) -> np.ndarray:
    """Return how far each point is outside of the nearest sphere."""
    return np.min([np.linalg.norm(points - s.centre, axis=1) - s.radius for s in spheres], axis=0)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 12).flatmap(lambda count: arrays(np.float64, (count, 3), elements=COORDINATES)),
    st.integers(0, 2**32 - 1),
)
def test_random_points_of_a_random_hull_are_inside(points, seed):
    """A point of the hull is a mean of its points with some weights."""
    spheres = hull_spheres(hull_of(points))
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.full(len(points), 0.3), 300)
    assert beyond(spheres, np.concatenate([points, weights @ points])).max() <= 1e-9
    assert 1 <= len(spheres) <= MOST


def test_spheres_stick_out_as_far_as_they_say():
    points = np.random.default_rng(3).normal(size=(50, 3)) * [0.02, 0.03, 0.05]
    hull = hull_of(points)
    spheres = hull_spheres(hull)
    assert 1 < len(spheres) < MOST
    assert max(sphere.sticks_out for sphere in spheres) <= TOLERANCE
    directions = np.random.default_rng(4).normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    support = (directions @ hull.vertices.T).max(axis=1)
    for sphere in spheres:
        reach = directions @ sphere.centre + sphere.radius - support
        assert reach.max() <= sphere.sticks_out + 1e-6


def test_a_small_cube_is_one_sphere_and_a_long_bar_a_row():
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    (cube,) = hull_spheres(hull_of(corners * 0.04))
    assert cube.radius == pytest.approx(0.02 * np.sqrt(3), rel=1e-3)
    np.testing.assert_allclose(cube.centre, 0.0, atol=1e-4)
    bar = hull_spheres(hull_of(corners * [0.04, 0.04, 0.6]))
    assert 4 <= len(bar) <= 16
    assert max(sphere.radius for sphere in bar) < 0.08


def test_what_would_need_too_many_is_covered_more_coarsely():
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    spheres = hull_spheres(hull_of(corners * 1.5))
    assert len(spheres) == MOST
    assert beyond(spheres, np.random.default_rng(5).uniform(-0.75, 0.75, (2000, 3))).max() <= 1e-9


def test_the_same_hull_has_the_same_spheres():
    points = np.random.default_rng(6).normal(size=(30, 3)) * 0.1
    first, second = hull_spheres(hull_of(points)), hull_spheres(hull_of(points.copy()))
    assert [s.radius for s in first] == [s.radius for s in second]
