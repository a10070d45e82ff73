# SPDX-License-Identifier: Apache-2.0
"""No part of a disc passes a wall, at any moment of a step."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.two_room.walls import wall_with_doors

SIDE, BORDER, RADIUS, MIDDLE, HALF, DOOR, WIDTH = 224.0, 14.0, 7.0, 112.0, 5.0, 49.0, 14.0
LEFT = MIDDLE - HALF - RADIUS  # where a disc touches the wall
WALLS = wall_with_doors(SIDE, BORDER, RADIUS, MIDDLE, HALF, [(DOOR, WIDTH)])


def test_a_disc_is_clear_where_its_edge_is():
    low, high = BORDER + RADIUS, SIDE - BORDER - RADIUS
    places = [
        ([low, low], True),
        ([low - 0.1, low], False),
        ([high, high], True),
        ([high, high + 0.1], False),
        ([LEFT, 150.0], True),
        ([LEFT + 0.1, 150.0], False),
        ([MIDDLE, DOOR], True),
        ([MIDDLE, DOOR + WIDTH - RADIUS], True),
        ([MIDDLE, DOOR + WIDTH - RADIUS + 0.1], False),
        ([LEFT + 1.0, DOOR + WIDTH], False),  # at the jamb, the corner is nearer than a radius
        ([LEFT + 1.0, DOOR + WIDTH - RADIUS], True),
    ]
    clear = WALLS.clear(np.array([place for place, _ in places]))
    np.testing.assert_array_equal(clear, [expected for _, expected in places])


@pytest.mark.parametrize("end", [[MIDDLE + 20.0, 150.0], [MIDDLE, 150.0]])
def test_a_wall_stops_a_disc_that_is_pushed_through_it_or_into_it(end):
    place = WALLS.moved(np.array([MIDDLE - 20.0, 150.0]), np.array(end))
    np.testing.assert_allclose(place, [LEFT, 150.0], atol=1e-6)
    assert not WALLS.passes(np.array([MIDDLE - 20.0, 150.0]), np.array(end))


def test_a_disc_slides_along_a_wall():
    place = WALLS.moved(np.array([LEFT, 150.0]), np.array([LEFT + 4.0, 153.0]))
    np.testing.assert_allclose(place, [LEFT, 153.0], atol=1e-6)


def test_a_doorway_lets_a_disc_pass_and_a_jamb_does_not():
    before, behind = np.array([MIDDLE - 20.0, DOOR]), np.array([MIDDLE + 20.0, DOOR])
    np.testing.assert_allclose(WALLS.moved(before, behind), behind, atol=1e-6)
    assert WALLS.passes(before, behind)
    off = np.array([0.0, WIDTH])  # at the edge of the opening
    assert not WALLS.passes(before + off, behind + off)
    assert WALLS.moved(before + off, behind + off)[0] < MIDDLE


def test_wherever_a_disc_is_pushed_it_overlaps_nothing():
    generator = np.random.default_rng(5)
    places = [np.array([MIDDLE, DOOR])]
    for _ in range(300):
        places.append(WALLS.moved(places[-1], places[-1] + generator.uniform(-9.0, 9.0, 2)))
    assert WALLS.clear(np.array(places)).all()
    crossed = [(one[0] - MIDDLE) * (other[0] - MIDDLE) < 0.0 for one, other in itertools.pairwise(places)]
    assert any(crossed)
    for one, other in itertools.pairwise(places):
        at = (MIDDLE - one[0]) / (other[0] - one[0]) if one[0] != other[0] else -1.0
        if 0.0 <= at <= 1.0:
            assert abs(one[1] + at * (other[1] - one[1]) - DOOR) <= WIDTH - RADIUS + 0.5
