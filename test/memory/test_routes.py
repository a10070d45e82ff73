# SPDX-License-Identifier: Apache-2.0
"""In two rooms with one door, the way leads through the door; and nowhere once there is none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ami_ros.memory.routes import Routes

STEP, RADIUS, REACH = 1.0, 2.0, 5.0  # control steps
SIDE, DOOR, WIDTH, THICK = 40.0, 30.0, 5.0, 6.0  # of the area with a wall at x = 20, its door
EPISODES, LENGTH = 60, 200


def free(at: np.ndarray, door: bool = True) -> bool:
    """Whether a body may be there: off the wall, which is as thick as the body is wide."""
    inside = (at > 0.0).all() and (at < SIDE).all()
    return bool(inside and (abs(at[0] - 20.0) > THICK / 2.0 or (door and abs(at[1] - DOOR) < WIDTH / 2.0)))


def walked(door: bool = True) -> tuple[np.ndarray, ...]:
    """Random walks: ids, points, episodes and times."""
    random, points = np.random.default_rng(0), []
    for _ in range(EPISODES):
        at, heading = np.array([20.0, DOOR]), random.uniform(-np.pi, np.pi)
        while not free(at, door) or abs(at[0] - 20.0) < THICK:
            at = random.uniform(1.0, SIDE - 1.0, 2)
        for _ in range(LENGTH):
            heading += random.normal() * 0.3
            new = at + STEP * np.array([np.cos(heading), np.sin(heading)])
            if free(new, door):
                at = new
            else:
                heading += np.pi / 2
            points.append(at)
    count = len(points)
    return (
        100 + np.arange(count),
        np.array(points, dtype=np.float32),
        np.repeat(np.arange(EPISODES), LENGTH),
        np.tile(np.arange(LENGTH), EPISODES).astype(np.float32),
    )


@pytest.fixture(scope="module")
def known():
    routes, told = Routes(2, RADIUS, REACH), walked()
    routes.learn(*told)
    return routes, dict(zip(told[0].tolist(), told[1], strict=True))


START, GOAL = np.array([10.0, 5.0], np.float32), np.array([30.0, 5.0], np.float32)


def test_the_way_leads_through_the_door(known):
    routes, points = known
    route = routes.find(START, GOAL)
    stations = np.array([START, *(points[moment] for moment in route.moments), GOAL])
    between = [a + (b - a) * share for a, b in itertools.pairwise(stations) for share in (0.25, 0.5, 0.75)]
    assert all(free(at) for at in between if abs(at[1] - DOOR) > WIDTH)
    assert len(route.steps) == len(route.moments)
    shortest = 2.0 * np.hypot(10.0, DOOR - 5.0)
    assert shortest * 0.8 < sum(route.steps) < shortest * 1.8
    assert np.linalg.norm(stations[1] - START) < REACH and np.linalg.norm(stations[-2] - GOAL) < REACH


def test_learning_bit_by_bit_is_the_same(known):
    routes, bits, told = known[0], Routes(2, RADIUS, REACH), walked()
    for first in range(0, len(told[0]), 777):
        bits.learn(*(values[first : first + 777] for values in told))
    assert bits.find(START, GOAL) == routes.find(START, GOAL)


def test_without_a_door_there_is_no_way():
    routes = Routes(2, RADIUS, REACH)
    routes.learn(*walked(door=False))
    assert routes.find(START, GOAL) is None
    assert routes.find(START, np.array([12.0, 35.0], np.float32)) is not None


def test_what_failed_is_gone_around(known):
    routes = Routes(2, RADIUS, REACH)
    routes.learn(*walked())
    before = routes.find(START, GOAL)
    for _ in range(5):
        routes.fail(before, 3)
    after = routes.find(START, GOAL)
    edge = before.moments[2:4]
    assert edge not in list(itertools.pairwise(after.moments))


def test_nothing_is_known_of_nothing():
    assert Routes(2, RADIUS, REACH).find(START, GOAL) is None
