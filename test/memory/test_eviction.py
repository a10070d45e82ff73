# SPDX-License-Identifier: Apache-2.0
"""A memory stays within its size, and what is rare outlives what is common."""

from __future__ import annotations

import numpy as np
import pytest
from memories import MODEL, OTHER, STATE, moment

from ami_ros.memory.eviction import SPARE, Eviction, redundant
from ami_ros.memory.moment import Episode
from ami_ros.memory.store import Store

COMMON, RARE = 300, 10


def at(place: float, number: int) -> np.ndarray:
    state = np.zeros(STATE, np.float32)
    state[0], state[1] = place, 1e-3 * number
    return state


@pytest.fixture
def store(tmp_path):
    """Many moments at one place, a few at places of their own, a surprising one and one with a name."""
    store = Store(tmp_path / "robot.sqlite")
    episode = store.begin(Episode("reach"))
    common = [moment(number, state=at(0.0, number)) for number in range(COMMON)]
    rare = [moment(number, state=at(10.0 + 5 * number, 0)) for number in range(RARE)]
    told = [moment(1, state=at(0.0, 1)), moment(2, state=at(0.0, 2), surprise=1.5)]
    ids = store.append([(episode, m) for m in [*common, *rare, *told]], MODEL)
    store.name("home", ids[-2])
    return store


def test_nothing_is_forgotten_while_there_is_room(store):
    assert Eviction(store.bytes, MODEL, np.random.default_rng(0))(store) == 0


def test_what_is_rare_surprising_or_has_a_name_outlives_what_is_common(store):
    most = store.bytes // 3
    gone = Eviction(most, MODEL, np.random.default_rng(0))(store)
    assert store.bytes <= SPARE * most and len(store.ids()) == COMMON + RARE + 2 - gone
    kept = set(store.ids())
    assert set(range(COMMON + 1, COMMON + RARE + 3)) <= kept
    assert store.names() == {"home": COMMON + RARE + 1}


def test_it_ends_when_only_what_stays_is_left(store):
    Eviction(1, MODEL, np.random.default_rng(0))(store)
    assert store.ids() == [COMMON + RARE + 1, COMMON + RARE + 2]


def test_the_newest_stays_and_with_it_its_episode(store):
    (newest,) = store.append([(store.begin(Episode("reach", "door")), moment(3, state=at(0.0, 3)))], MODEL)
    Eviction(1, MODEL, np.random.default_rng(0))(store)
    assert store.ids() == [COMMON + RARE + 1, newest]
    assert [episode.goal for episode in store.episodes().values()] == ["", "door"]


def test_what_surprises_every_day_neither_fills_the_file_nor_drives_out_the_rest(store):
    most = 2 * store.bytes
    eviction = Eviction(most, MODEL, np.random.default_rng(0))
    for day in range(10):
        episode = store.begin(Episode("reach"))
        odd = [moment(number, state=at(50.0, day + number), surprise=1.5) for number in range(100)]
        store.append([(episode, one) for one in odd], MODEL)
        eviction(store)
        assert store.bytes <= most
    kept = set(store.ids())
    assert set(range(COMMON + 1, COMMON + RARE + 2)) <= kept, "the rare ones, and the one with a name"
    usual, surprising = len(kept & set(range(1, COMMON + 1))), store.figures().surprising
    assert usual > COMMON // 3 and surprising > COMMON // 3


def test_what_surprised_in_a_rare_way_outlives_what_surprises_every_day(store):
    episode = store.begin(Episode("reach"))
    odd = [moment(n, state=at(50.0, n), surprise=1.5) for n in range(2 * COMMON)]
    rare = [moment(n, state=at(100.0 + 5 * n, 0), surprise=1.5) for n in range(RARE)]
    rarest = store.append([(episode, one) for one in [*rare, *odd]], MODEL)[:RARE]
    Eviction(2 * store.bytes // 3, MODEL, np.random.default_rng(0))(store)
    assert set(rarest) <= set(store.ids())


def test_what_the_running_model_has_not_seen_is_not_the_first_to_go(tmp_path):
    """The memory of a robot with two tasks, of which it does one all day, always the same."""
    store = Store(tmp_path / "robot.sqlite")
    episode = store.begin(Episode("reach"))
    others = [moment(number, state=at(5.0 * number, 0)) for number in range(RARE)]
    ids = store.append([(episode, one) for one in others], OTHER)
    episode = store.begin(Episode("push"))
    store.append([(episode, moment(number, state=at(0.0, number))) for number in range(COMMON)], MODEL)
    Eviction(store.bytes // 3, MODEL, np.random.default_rng(0))(store)
    assert store.ids("reach") == ids
    assert len(store.ids("push")) < COMMON // 2


def test_without_states_the_oldest_go_first(tmp_path):
    store = Store(tmp_path / "robot.sqlite")
    episode = store.begin(Episode("reach"))
    ids = store.append([(episode, moment(number, state=None)) for number in range(200)])
    Eviction(store.bytes // 2, MODEL, np.random.default_rng(0))(store)
    kept = store.ids()
    assert 0 < len(kept) < 150 and kept == ids[-len(kept) :]


def test_of_two_that_are_alike_one_goes():
    states = np.array([[0.0], [10.0], [20.0], [20.1], [30.0], [10.1]], np.float32)
    gone = set(redundant(states).tolist())
    assert len(gone) == 3 and len(gone & {2, 3}) >= 1 and len(gone & {1, 5}) >= 1
    assert len(redundant(np.zeros((1, 3), np.float32))) == 1
    assert len(redundant(np.zeros((0, 3), np.float32))) == 0
