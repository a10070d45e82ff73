# SPDX-License-Identifier: Apache-2.0
"""A body is held back when it stays behind its commands for a while, not when it lags or turns around."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ami_ros.exploration.contact import IN_A_ROW, ContactWatch
from ami_ros.exploration.driven_way import commanded_way, driven_way
from ami_ros.exploration.settings import load_explorer_settings

STEP_S = 0.2
SETTINGS = load_explorer_settings()


def test_joints_that_stay_behind_for_a_while():
    watch, far = ContactWatch(SETTINGS), np.array([0.0, SETTINGS.contact_gap + 0.01])
    assert not any(
        watch.see_joints(0.9 * far / far.max() * SETTINGS.contact_gap, np.zeros(2), 1.0) for _ in range(9)
    )
    said = [watch.see_joints(far, np.zeros(2), 1.0) for _ in range(IN_A_ROW)]
    assert said == [False] * (IN_A_ROW - 1) + [True]
    watch.see_joints(np.zeros(2), np.zeros(2), 1.0)
    assert not watch.see_joints(far, np.zeros(2), 1.0), "it begins again"


def test_joints_that_may_be_three_times_as_fast_may_stay_three_times_as_far_behind():
    watch, far = ContactWatch(SETTINGS), np.array([0.0, 2.9 * SETTINGS.contact_gap])
    assert not any(watch.see_joints(far, np.zeros(2), 3.0) for _ in range(9))
    assert any(watch.see_joints(1.1 * far, np.zeros(2), 3.0) for _ in range(9))


@pytest.mark.parametrize(
    ("done", "held_back"),
    [(1.0, False), (0.5, False), (0.1, True), (0.0, True), (-1.0, True)],
)
def test_a_base_that_goes_less_far_than_it_is_told(done, held_back):
    watch, way = ContactWatch(SETTINGS), np.array([0.03, 0.02])
    said = [watch.see_way(STEP_S, way, done * way) for _ in range(12)]
    assert any(said) is held_back
    assert not any(said[: round(SETTINGS.contact_s / STEP_S) - 1]), "not before there is something to compare"


def test_a_base_that_is_told_hardly_anything_is_not_judged():
    watch = ContactWatch(SETTINGS)
    assert not any(watch.see_way(STEP_S, np.array([0.01, 0.0]), np.zeros(2)) for _ in range(20))


def test_ways_of_a_base_are_forward_and_turned():
    way = driven_way(np.array([1.0, 2.0, math.pi - 0.05]), np.array([0.9, 2.0, -math.pi + 0.05]))
    np.testing.assert_allclose(way, [0.1, 0.1], atol=1e-9)
    told = commanded_way(("wz", "vx"), np.array([0.2, 0.4]), np.array([0.4, 0.6]), STEP_S)
    np.testing.assert_allclose(told, [0.5 * STEP_S, 0.3 * STEP_S])
