# SPDX-License-Identifier: Apache-2.0
"""Cells: what was visited, where to go next, and what a file may bring."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ami_ros.errors import ConfigError
from ami_ros.exploration.cells import Cells

LOWER, UPPER = np.array([-1.0, 0.0, 10.0]), np.array([1.0, 4.0, 16.0])
COUNT = 4
GENERATOR = np.random.default_rng(0)


def boxes() -> Cells:
    return Cells(LOWER, UPPER, COUNT)


def ways_from(place: np.ndarray):
    return lambda axes, centres: np.linalg.norm((centres - place[axes]) / (UPPER - LOWER)[axes], axis=1)


def test_a_cell_counts_when_it_is_entered_and_places_outside_are_of_the_nearest():
    cells = boxes()
    assert cells.total == COUNT**3 and cells.share == 0.0
    assert cells.visit(np.array([-0.9, 0.1, 10.1]))
    assert not cells.visit(np.array([-0.8, 0.2, 10.9])), "the same cell"
    assert not cells.visit(LOWER - 5.0)
    assert cells.visit(UPPER + 5.0) and cells.visited == 2
    assert cells.visit(np.array([-0.9, 0.1, 10.1])) and cells.visited == 2, "it comes back"
    assert cells.knows(np.array([-0.7, 0.9, 11.4])) and not cells.knows(np.array([-0.4, 0.9, 11.4]))


def test_it_goes_to_the_nearest_of_those_that_were_visited_least():
    cells = boxes()
    place = np.array([-0.75, 0.5, 10.75])
    near, far = np.array([-0.75, 0.5, 13.75]), np.array([0.75, 3.5, 15.25])
    columns = [
        low + (np.arange(COUNT) + 0.5) / COUNT * (high - low) for low, high in zip(LOWER, UPPER, strict=True)
    ]
    for centre in np.tile(np.stack(np.meshgrid(*columns), -1).reshape(-1, 3), (3, 1)):
        if not np.allclose(centre, near) and not np.allclose(centre, far):
            cells.visit(centre)
    cells.visit(place)
    np.testing.assert_allclose(cells.least(ways_from(place), 3.0, GENERATOR), near)
    cells.avoid(near)
    np.testing.assert_allclose(cells.least(ways_from(place), 3.0, GENERATOR), far, err_msg="costly")


def test_of_many_axes_each_pair_is_covered_and_targets_leave_the_others_free():
    axes = 5
    cells = Cells(np.zeros(axes), np.ones(axes), COUNT)
    assert cells.total == 10 * COUNT**2
    cells.visit(np.full(axes, 0.1))
    assert cells.visited == 10 and cells.knows(np.full(axes, 0.2))
    assert not cells.knows(np.array([0.1, 0.1, 0.9, 0.9, 0.9])), "one pair of ten"
    target = cells.least(lambda group, centres: np.zeros(len(centres)), 3.0, GENERATOR)
    assert np.isfinite(target).sum() == 2
    cells.avoid(target)  # of the pair alone


def test_an_angle_wraps_and_what_cannot_be_entered_counts_not():
    low, high = np.array([0.0, -np.pi]), np.array([1.0, np.pi])
    cells = Cells(low, high, COUNT, (False, True), lambda centres: centres[:, 0] < 0.5)
    assert cells.total == COUNT * COUNT // 2
    assert cells.visit(np.array([0.1, np.pi - 0.1]))
    assert not cells.visit(np.array([0.1, np.pi - 0.1 + 2 * np.pi]))
    cells.visit(np.array([0.9, 0.0]))
    assert cells.visited == 1, "nobody has to go there"
    with pytest.raises(ConfigError, match="no cell"):
        Cells(low, high, COUNT, (False, True), lambda centres: centres[:, 0] > 5.0)


def test_what_is_kept_is_the_same_after_json_and_what_is_damaged_is_refused():
    cells, again = boxes(), boxes()
    for place in GENERATOR.uniform(LOWER, UPPER, (30, 3)):
        cells.visit(place)
    cells.avoid(LOWER)
    state = json.loads(json.dumps(cells.state()))
    again.restore(state)
    assert again.state() == cells.state() and again.visited == cells.visited
    with pytest.raises(ConfigError, match="another robot, task or setting"):
        Cells(LOWER, UPPER, COUNT + 1).restore(state)
    for bad in (None, [[0], []], [[0], [-1]], [[COUNT**3], [1]], [[0], [1.5]], [[0], ["1"]], "x"):
        with pytest.raises(ConfigError, match="counts of cells"):
            boxes().restore({**state, "visits": bad})
