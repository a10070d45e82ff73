# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from ami_ros.commissioning.core.spread import SpreadGoals, TakenGoal, next_goal

MOST = 5


def itself(place):
    return place


def test_a_few_of_many_are_spread_over_all_that_was_seen():
    goals = SpreadGoals(MOST, itself)
    # A robot that stays at one end for long, and then goes to the other.
    for x in [*np.linspace(0.0, 0.01, 200), *np.linspace(0.0, 1.0, 400)]:
        goals.offer(TakenGoal({}, np.array([x])))
    kept = np.array([goal.place[0] for goal in goals.kept])
    assert 3 <= len(kept) <= MOST
    gaps = np.diff(np.sort([0.0, *kept, 1.0]))
    assert gaps.max() < 0.5, "all of it is covered"
    assert np.diff(np.sort(kept)).min() > 0.1, "an even spread would be 0.25"


def test_the_first_ones_are_those_farthest_apart():
    goals = SpreadGoals(MOST, itself)
    for x in (0.0, 0.1, 0.2, 1.0, 0.5):
        goals.offer(TakenGoal({}, np.array([x])))
    kept = [float(goal.place[0]) for goal in goals.kept]
    assert kept[:3] == [0.0, 1.0, 0.5]
    assert sorted(kept) == [0.0, 0.1, 0.2, 0.5, 1.0]
    assert SpreadGoals(MOST, itself).kept == ()


def test_next_is_a_goal_tried_least_where_the_robot_is_not_already():
    near = 0.1
    assert next_goal({}, np.array([0.05, 0.5, 0.6]), near) == 1
    assert next_goal({1: 1}, np.array([0.05, 0.5, 0.6]), near) == 2
    assert next_goal({1: 1, 2: 1}, np.array([0.5, 0.5, 0.6]), near) == 0
    assert next_goal({0: 1}, np.zeros(3), near) == 1, "all are near: better those than none"
