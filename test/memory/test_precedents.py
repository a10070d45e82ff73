# SPDX-License-Identifier: Apache-2.0
"""What was done before, by places on a line: the actions that came nearest to the goal come first."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.memory.precedents import Precedents

BLOCK, ACTION = 3, 2


@pytest.fixture
def known():
    """Two walks from 0: one to the right up to 6, one to the left up to -6."""
    it = Precedents(1, BLOCK, ACTION)
    for episode, way in enumerate((1.0, -1.0)):
        points = way * np.arange(7, dtype=np.float16)[:, None]
        actions = [np.array([way, float(step)], dtype=np.float32) for step in range(6)]
        it.learn(points, [*actions, None], np.full(7, episode), BLOCK * np.arange(7))
    return it


def at(x: float) -> np.ndarray:
    return np.array([x], dtype=np.float32)


def test_the_first_leads_to_the_goal_and_stops_there(known):
    best = known.toward(at(0.1), at(2.9), 3, 5)
    assert best[0].away == pytest.approx(0.1, abs=1e-3)
    assert best[0].actions[:, 0].tolist() == [1.0] * len(best[0].actions)
    away = [one.away for one in best]
    assert away == sorted(away) and len(best) == 3


def test_the_other_way_for_another_goal(known):
    best = known.toward(at(0.0), at(-4.0), 1, 5)[0]
    assert (best.actions[:, 0] == -1.0).all()


def test_no_more_blocks_than_asked_for(known):
    assert all(len(one.actions) <= 2 for one in known.toward(at(0.0), at(6.0), 10, 2))


def test_nothing_leads_from_one_episode_into_the_next(known):
    """The first walk's last moment is followed by the second one's first, at another place."""
    for one in known.toward(at(6.0), at(0.0), 100, 5):
        steps = one.actions[:, 1]
        assert (np.diff(steps) == 1.0).all()  # of one walk, in order


def test_without_moments_there_are_none():
    assert Precedents(1, BLOCK, ACTION).toward(at(0.0), at(1.0), 3, 5) == []


def steps_of(places: list[int], times: list[float], goal: float, size: int = ACTION) -> list[list[float]]:
    """What leads from 0 to a goal, of a walk that was kept at some places alone."""
    it = Precedents(1, BLOCK, ACTION)
    actions = [np.full(size, step, dtype=np.float32) for step in range(len(places))]
    points = np.array(places, dtype=np.float16)[:, None]
    it.learn(points, actions, np.zeros(len(places), dtype=np.int64), np.array(times))
    return [one.actions[:, 0].tolist() for one in it.toward(at(0.0), at(goal), 1, 5)]


def test_nothing_leads_over_what_was_forgotten():
    """Of places 0 to 5 those from 2 to 4 are gone: what was done at 1 did not lead to 5."""
    whole, holed = [0, 1, 2, 3, 4, 5], [0, 1, 5]
    assert steps_of(whole, [BLOCK * place for place in whole], 5.0) == [[0.0, 1.0, 2.0, 3.0, 4.0]]
    assert steps_of(holed, [BLOCK * place for place in holed], 5.0) == [[0.0]]


def test_a_block_may_be_a_little_long_or_short():
    assert steps_of([0, 1, 2], [0.0, 1.2 * BLOCK, 2.0 * BLOCK], 2.0) == [[0.0, 1.0]]


def test_blocks_of_another_length_are_none():
    assert steps_of([0, 1, 2], [0.0, BLOCK, 2 * BLOCK], 2.0, ACTION + 1) == []
