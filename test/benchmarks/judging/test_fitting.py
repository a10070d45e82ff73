# SPDX-License-Identifier: Apache-2.0
"""Curves that made up success are found again from it, and what no model tells of stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.model.judging.settings import Curve
from benchmarks.judging.fitting import Row, agreement, expected, fitted, surprisal

TRUE = {"foresight": Curve(0.3, 0.1), "sight": Curve(1.0, 0.2), "distance": Curve(0.4, 0.1)}
START = {"foresight": Curve(0.1, 0.05), "sight": Curve(0.7, 0.3), "distance": Curve(0.4, 0.1)}
MODELS = 24


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Models that fail for want of foresight or sight, none for its distance, measured exactly."""
    generator = np.random.default_rng(0)
    drawn = np.stack([generator.uniform(-0.2, 1.0, MODELS), generator.uniform(0.2, 2.0, MODELS)], axis=1)
    parts = [{"foresight": f, "sight": s, "distance": 0.95} for f, s in drawn]
    return [Row(part, float(expected([Row(part, 0.0)], TRUE)[0])) for part in parts]


def test_success_is_that_of_the_weakest_part():
    some = [Row({"foresight": 5.0, "sight": 1.0}, 0.0), Row({"distance": 0.4}, 0.0)]
    assert expected(some, TRUE) == pytest.approx([0.5, 0.5])


def test_curves_are_found_again(rows):
    found = fitted(rows, START)
    for name in ("foresight", "sight"):
        assert found[name].middle == pytest.approx(TRUE[name].middle, abs=0.08)
    assert vars(found["distance"]) == pytest.approx(vars(START["distance"]))
    better, before = (surprisal(rows, expected(rows, curves)) for curves in (found, START))
    assert better < before


def test_a_sure_and_wrong_expectation_is_finite():
    assert np.isfinite(surprisal([Row({}, 1.0)], np.array([0.0])))


def test_agreement_tells_ranks_and_what_to_write_into_the_file(rows):
    told = agreement(rows, TRUE)
    assert told["rank_correlation"] == pytest.approx(1.0)
    assert told["rank_correlation_left_out"] > 0.9
    assert told["mean_error"] == pytest.approx(0.0)
    assert set(told["fitted"]) == set(TRUE)


def test_two_models_have_no_rank_correlation(rows):
    told = agreement(rows[:2], TRUE)
    assert told["rank_correlation"] is None
    assert told["fitted"]["sight"] == {"middle": 1.0, "width": 0.2}
