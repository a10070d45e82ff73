# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from ami_ros.commissioning.core.standing import Look, moved_since, still_since

LEAST = 0.01


def looks(*places: float) -> list[Look]:
    return [Look(10 * (i + 1), np.array([place])) for i, place in enumerate(places)]


def gap(one, other) -> float:
    return float(np.abs(one - other).max())


@pytest.mark.parametrize(
    ("places", "still_ns"),
    [
        ((0.0, 0.1, 0.2, 0.2, 0.2), 30),
        ((0.0, 0.1, 0.2, 0.2, 0.3), None),  # it moves again
        ((0.0, 0.1, 0.1, 0.2, 0.205), 40),  # a rest between is none
        ((0.0, 0.0, 0.0), 10),
        ((0.0, 0.1, float("nan")), None),
        ((0.0,), None),
        ((), None),
    ],
)
def test_at_rest_is_from_the_last_motion_to_the_end(places, still_ns):
    assert still_since(looks(*places), 0, gap, LEAST) == still_ns


def test_what_was_before_counts_for_nothing():
    seen = looks(0.0, 0.5, 0.5, 0.5)
    assert still_since(seen, 30, gap, LEAST) == 30
    assert moved_since(seen, 10, gap) == 0.5
    assert moved_since(seen, 20, gap) == 0.0
    assert moved_since(seen, 99, gap) == 0.0


def test_the_limit_itself_is_motion():
    assert still_since(looks(0.0, LEAST), 0, gap, LEAST) is None
    assert still_since(looks(0.0, 0.99 * LEAST), 0, gap, LEAST) == 10


def test_a_way_there_and_back_counts_at_its_farthest():
    assert moved_since(looks(0.0, 0.3, -0.1, 0.0), 0, gap) == pytest.approx(0.3)
