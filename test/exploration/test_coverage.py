# SPDX-License-Identifier: Apache-2.0
"""Coverage: what cameras see that is new, and when hardly anything is any more."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ami_ros.errors import ConfigError
from ami_ros.exploration.cells import Cells
from ami_ros.exploration.coverage import Coverage
from ami_ros.exploration.views import Views
from ami_ros.types import Observation, Reading

HEIGHT, WIDTH = 40, 56


def picture(bright: int, column: int = 0) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 80, dtype=np.uint8)
    image[:, column : column + 14] = bright
    return image


def moment(image: np.ndarray | None = None) -> Observation:
    readings = {"joints": Reading(np.zeros(2), 0, 0)}
    return Observation(readings if image is None else {**readings, "camera": Reading(image, 0, 0)})


def coverage(twice: bool = False) -> Coverage:
    return Coverage(Cells(np.zeros(1), np.ones(1), 10), ["camera"], 4.0, 100, twice)


def test_an_image_is_new_that_is_unlike_all_before():
    views = Views(4.0, 3)
    for image in (picture(80), picture(81), picture(200), picture(201), picture(80)):
        views.see(image)
    assert len(views) == 2
    for column in (14, 28, 42):
        views.see(picture(200, column))
    assert len(views) == 3, "no more are kept"
    again = Views(4.0, 3)
    again.restore(json.loads(json.dumps(views.state())))
    assert again.state() == views.state() and len(again) == 3
    for bad in (None, 3, "no base64!", "AAAA"):
        with pytest.raises(ConfigError, match="images of a camera"):
            again.restore(bad)


def test_it_ends_when_neither_body_nor_camera_has_seen_anything_new_for_a_minute():
    covered = coverage()
    for second in range(1, 61):
        covered.see(np.array([second / 60.0]), moment(picture(4 * second)), 1.0, False)
        assert covered.body_growth is None or second > 60
        assert not covered.has_ended(0.01), "before a minute nothing is known"
    assert covered.cells.share == 1.0
    for second in range(60):
        covered.see(np.array([0.5]), moment(picture(250, second % 40)), 1.0, False)
    assert covered.body_growth == 0.0 and covered.view_growth > 0.0
    assert not covered.has_ended(0.01), "the camera still sees something new"
    for _ in range(61):
        covered.see(np.array([0.5]), moment(), 1.0, False)  # the camera is gone
    assert covered.has_ended(0.01) and not covered.has_ended(0.0)


def test_a_space_that_is_covered_slowly_is_covered_half_until_it_is_covered_fast():
    covered, places = coverage(twice=True), np.linspace(0.05, 0.95, 10)[:, None]
    for place in places:
        covered.see(place, moment(), 1.0, False)
    assert (covered.body, covered.cells.share, covered.fast.share) == (0.5, 1.0, 0.0)
    for _ in range(60):
        covered.see(places[0], moment(), 1.0, False)
    assert covered.has_ended(0.01)
    for place in places[:5]:
        covered.see(place, moment(), 1.0, True)
    assert covered.body == 0.75 and covered.body_growth == 0.25 and not covered.has_ended(0.01)
    again = coverage(twice=True)
    again.restore(json.loads(json.dumps(covered.state())))
    assert again.body == 0.75
    again.restore(json.loads(json.dumps(coverage().state())))  # of one that knew no speeds
    assert again.body == 0.25


def test_the_state_of_another_body_is_refused_by_name():
    covered = coverage()
    covered.see(np.array([0.3]), moment(picture(9)), 0.5, False)
    state = json.loads(json.dumps(covered.state()))
    again = coverage()
    again.restore(state)
    assert (again.moved_s, again.views, again.cells.visited) == (0.5, 1, 1)
    for bad in ({}, {**state, "moved_s": -1.0}, {**state, "moved_s": float("nan")}, {**state, "body": 3}):
        with pytest.raises(ConfigError, match="expected moved_s, body and views"):
            coverage().restore(bad)
