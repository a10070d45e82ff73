# SPDX-License-Identifier: Apache-2.0
"""What success rests on, read off figures of any version and any body."""

from __future__ import annotations

import math

import pytest

from ami_ros.model.judging.parts import BEST, DISTANCE, FORESIGHT, SIGHT, WORST, errors_ahead, parts_of

BLOCKS = 2
RANKS = {"l2": 0.3, "slow": 0.8, "temporal": 0.7}
AHEAD = {"open_loop_error": [0.1, 0.2, 0.6], "copy_last_error": [0.5, 2.0, 2.0]}
QUALITY = {
    **AHEAD,
    "shuffled_action_error": [1.0, 1.0, 1.0],
    "probes": {"joint_position": 0.9, "tip_position": 0.99, "object_position": 0.5},
    "distance_spearman": RANKS,
}


def test_each_part_by_hand():
    parts = parts_of({**QUALITY, "moved": "tip_position"}, BLOCKS)
    assert parts == pytest.approx({FORESIGHT: -math.log10(0.2), SIGHT: 2.0, DISTANCE: 0.8})


def test_an_error_is_compared_with_the_better_guess_of_each_block():
    assert errors_ahead(QUALITY) == pytest.approx([0.2, 0.2, 0.6])
    assert parts_of(QUALITY, 99)[FORESIGHT] == pytest.approx(-math.log10(0.6)), "the last that was measured"


@pytest.mark.parametrize(
    ("changes", "r2"),
    [
        ({"moved": "joint_position"}, 0.9),  # of recordings, of which no simulator tells more
        ({}, 0.5),  # from before it was said what is moved: the object,
        ({"distance_spearman": dict.fromkeys(RANKS, 0.0)}, 0.99),  # unless it is a wall,
        ({"probes": {"heading": 0.6, "position": 0.95}}, 0.95),  # a base,
        ({"probes": {"pressure": 0.6, "flow": 0.3}}, 0.3),  # and of a plant what is seen worst
        ({"moved": "unheard_of"}, 0.5),
    ],
)
def test_sight_is_that_of_what_is_moved(changes, r2):
    assert parts_of({**QUALITY, **changes}, BLOCKS)[SIGHT] == pytest.approx(-math.log10(1.0 - r2))


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"copy_last_error": None}, FORESIGHT),
        ({"open_loop_error": []}, FORESIGHT),
        ({"open_loop_error": ["0.1", True]}, FORESIGHT),
        ({"probes": {}}, SIGHT),
        ({"probes": "none"}, SIGHT),
        ({"distance_spearman": {}}, DISTANCE),
        ({"distance_spearman": dict.fromkeys(RANKS, 0.0)}, DISTANCE),
    ],
)
def test_what_was_not_measured_is_no_part(changes, missing):
    assert set(parts_of({**QUALITY, **changes}, BLOCKS)) == {FORESIGHT, SIGHT, DISTANCE} - {missing}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_what_is_not_finite_is_as_bad_as_can_be(bad):
    quality = {**QUALITY, "open_loop_error": [bad] * 3, "distance_spearman": {"slow": bad}}
    quality |= {"probes": {"tip_position": -bad}}
    parts = parts_of(quality, BLOCKS)
    assert parts[FORESIGHT] == WORST
    assert parts[SIGHT] == pytest.approx(-math.log10(2.0)), "R2 -1"
    assert -1.0 <= parts[DISTANCE] <= 1.0
    assert parts_of({**QUALITY, "copy_last_error": [0.0] * 3}, BLOCKS)[FORESIGHT] == WORST, "nothing moves"


def test_the_best_is_finite():
    perfect = {**QUALITY, "open_loop_error": [0.0] * 3, "probes": {"tip_position": 1.0}}
    assert parts_of(perfect, BLOCKS)[FORESIGHT] == parts_of(perfect, BLOCKS)[SIGHT] == BEST
