# SPDX-License-Identifier: Apache-2.0
"""A memory as the planner has it: it follows the file, and knows ways, precedents and what to dread."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.memory.experience import Experience, Sight
from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.store import Store

MODEL, STEP_NS = "m" * 64, 10**8


def points_of(states: np.ndarray) -> np.ndarray:
    return states[:, :2].astype(np.float32)


def sight(ahead_of=None) -> Sight:
    return Sight(MODEL, points_of, ahead_of, 1.0, STEP_NS, block=1, block_size=2)


def walk(store: Store, places: list[tuple[float, float]], task: str = "reach", **values) -> list[int]:
    """Remember a walk, one place per control step."""
    moments = [
        Moment(
            stamp_ns=number * STEP_NS,
            images={},
            vectors={},
            state=np.array([x, y, 0.0], dtype=np.float32),
            action=np.array([x, y], dtype=np.float32),
            **values,
        )
        for number, (x, y) in enumerate(places)
    ]
    episode = store.begin(Episode(task))
    return store.append([(episode, moment) for moment in moments], MODEL)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "robot.sqlite") as it:
        walk(it, [(float(x), 0.0) for x in range(6)])  # east
        walk(it, [(5.0, float(y)) for y in range(6)])  # then north
        yield it


def experience(store: Store, ahead_of=None, radius: float = 0.5) -> Experience:
    return Experience(store.path, sight(ahead_of), "reach", radius, 1.0)


def at(x: float, y: float) -> np.ndarray:
    return np.array([x, y], dtype=np.float32)


def test_ways_lead_through_several_episodes(store):
    it = experience(store)
    way = it.way(at(0.0, 0.1), at(5.0, 4.9))
    np.testing.assert_allclose(
        it.states_of(way)[[0, -1], :2], [[0.0, 0.0], [5.0, 4.0]]
    )  # the goal is in reach of it
    assert len(way.moments) == 10 and sum(way.steps) == pytest.approx(9.1, abs=0.01)
    assert it.way(at(5.0, 5.0), at(0.0, 0.0)) is None  # nobody went back


def test_what_the_model_believes_leads_back(store):
    def back(states: np.ndarray) -> np.ndarray:
        return points_of(states)[:, None] + np.array([[-1.0, 0.0], [0.0, -1.0]], dtype=np.float32)

    it = experience(store, back)
    # Only landmarks that are there already are joined: the second walk knows the first.
    assert it.way(at(5.0, 5.0), at(5.0, 1.0)) is not None


def test_a_way_that_failed_is_left_until_it_is_forgiven(store):
    it = experience(store)
    for _ in range(3):
        way = it.way(at(0.0, 0.0), at(5.0, 0.0))
        it.fail(way, 3)
    assert it.way(at(0.0, 0.0), at(5.0, 0.0)) is None
    it.forgive()
    assert it.way(at(0.0, 0.0), at(5.0, 0.0)) is not None


def test_a_first_place_that_was_not_reached_is_no_start_any_more(store):
    it = experience(store)
    way = it.way(at(2.0, 0.0), at(5.0, 0.0))
    it.fail(way, 0)
    assert it.way(at(2.0, 0.0), at(5.0, 0.0)).moments[0] != way.moments[0]


def test_it_follows_the_file(store):
    it = experience(store)
    assert len(it) == 12
    more = walk(store, [(0.0, -1.0), (0.0, -2.0)])
    walk(store, [(0.0, 50.0)], task="push")  # of another task
    it.refresh()
    assert len(it) == 14
    store.forget(more[:1])
    it.refresh()
    assert len(it) == 13
    assert it.way(at(0.0, -1.0), at(0.0, -2.0)).moments == (more[1],)


def test_what_was_forgotten_is_gone_also_where_as_much_is_new(store):
    bad = walk(store, [(9.0, 9.0), (9.0, 8.0)], surprise=1.5)
    it = experience(store)
    assert len(it.dreaded) == 2
    store.forget(bad)
    walk(store, [(0.0, 1.0), (0.0, 2.0)])
    it.refresh()
    assert len(it) == 14 and len(it.dreaded) == 0
    assert it.way(at(0.0, 1.0), at(0.0, 2.0)) is not None


def test_a_moment_that_is_seen_when_another_is_forgotten_is_known(store):
    (unseen,) = store.append([(store.begin(Episode("reach")), Moment(0, {}, {}))])
    walk(store, [(0.0, -1.0)])
    it = experience(store)
    store.put_states(MODEL, [unseen], np.array([[0.0, -2.0, 0.0]]))
    store.forget([1])
    it.refresh()
    np.testing.assert_allclose(it.way(at(0.0, -2.0), at(0.0, -2.0)).moments, [unseen])


def test_what_surprised_or_was_stopped_is_dreaded(store):
    walk(store, [(9.0, 9.0)], surprise=1.5)
    walk(store, [(8.0, 8.0)], surprise=0.5)
    walk(store, [(7.0, 7.0)], verdict="STOP")
    np.testing.assert_allclose(experience(store).dreaded[:, 0], [9.0, 7.0])


def test_candidates_are_what_was_done(store):
    found = experience(store).candidates(at(0.0, 0.0), at(2.0, 0.0), 1, 4)
    np.testing.assert_allclose(found[0], [[0.0, 0.0], [1.0, 0.0]])


def test_candidates_do_not_lead_over_what_was_forgotten(store):
    store.forget([3])
    found = experience(store).candidates(at(0.0, 0.0), at(3.0, 0.0), 12, 4)
    assert [0.0, 0.0] in found[1].tolist()
    assert all([1.0, 0.0] not in actions.tolist() for actions in found), "where it led to is gone"


def test_a_file_that_is_not_there_yet_is_empty(tmp_path):
    it = Experience(tmp_path / "none.sqlite", sight(), "reach", 0.5, 1.0)
    assert len(it) == 0 and it.way(at(0.0, 0.0), at(1.0, 0.0)) is None
    assert it.candidates(at(0.0, 0.0), at(1.0, 0.0), 1, 4) == []
