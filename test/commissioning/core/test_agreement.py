# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from ami_ros.commissioning.core.agreement import Comparison, agreement, cosines

PLANS, CHANNELS = 400, 3


def compared(planned_of, seed: int = 1) -> list[Comparison]:
    generator = np.random.default_rng(seed)
    ways = generator.normal(size=(PLANS, CHANNELS))
    return [Comparison(planned_of(way, generator), way, 0.5) for way in ways]


def figures(plans: list[Comparison]) -> dict:
    return agreement(plans, np.random.default_rng(0))


def test_plans_along_the_way_agree_however_long_they_are_and_shuffled_they_do_not():
    told = figures(compared(lambda way, generator: generator.uniform(0.01, 9.0) * way))
    assert told["agreement"] == pytest.approx(1.0)
    assert abs(told["shuffled"]) < 0.05
    assert told["plans"] == PLANS


def test_plans_the_other_way_are_worse_than_chance():
    assert figures(compared(lambda way, _: -way))["agreement"] == pytest.approx(-1.0)


def test_a_robot_that_goes_one_way_only_gains_nothing_over_chance():
    plans = [Comparison(np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.1, 0.0])) for _ in range(PLANS)]
    told = figures(plans)
    assert told["agreement"] == pytest.approx(told["shuffled"])


@pytest.mark.parametrize(
    "planned", [np.zeros(CHANNELS), np.full(CHANNELS, np.nan), np.full(CHANNELS, np.inf)]
)
def test_a_plan_that_stands_still_or_is_no_number_agrees_with_nothing(planned):
    told = figures([Comparison(planned, np.ones(CHANNELS)), Comparison(np.ones(CHANNELS), np.ones(CHANNELS))])
    assert told["agreement"] == pytest.approx(0.5)
    assert np.isfinite(told["shuffled"])


def test_the_share_of_surprising_pictures_leaves_out_those_that_nothing_judges():
    way = np.ones(CHANNELS)
    told = figures([Comparison(way, way, surprise) for surprise in (0.5, 1.0, 1.5, None)])
    assert told["surprised_share"] == pytest.approx(1 / 3)
    assert told["surprise_p50"] == 1.0


def test_without_plans_there_is_nothing_to_tell():
    told = figures([])
    assert told["plans"] == 0 and told["agreement"] is None and told["surprised_share"] is None
    assert cosines([]).shape == (0,)
