# SPDX-License-Identifier: Apache-2.0
"""The rooms are as described: walls hold, doors let through, the expert gets there, pictures show it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.four_room.behaviour import Expert, Explorer, UnsteadyExpert, shortest
from benchmarks.four_room.world import (
    DOORS,
    JUMP_STEPS,
    MIDDLE,
    OPEN,
    RADIUS,
    SIDE,
    FourRoom,
    free_place,
    is_free,
    moved,
    room_of,
    walls,
)

CORNERS = np.array([[40.0, 40.0], [184.0, 40.0], [40.0, 184.0], [184.0, 184.0]])


def test_walls_are_where_the_picture_has_them():
    for closed in (OPEN, 0, 3):
        picture = walls(closed)
        places = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=2).reshape(-1, 2) + 0.5
        free = is_free(places, closed, radius=0.0).reshape(SIDE, SIDE)
        np.testing.assert_array_equal(picture[..., 0] == 255, free)
    assert (walls(2) != walls(OPEN)).any(axis=2).sum() == 16 * 10


def test_a_wall_holds_and_an_open_door_lets_through():
    def walk(closed: int) -> np.ndarray:
        place = np.array([MIDDLE - 20.0, 56.0])
        for _ in range(30):
            place = moved(place, np.array([1.0, 0.0]), closed)
        return place

    assert walk(OPEN)[0] > MIDDLE + 20.0
    assert walk(0)[0] < MIDDLE - 5.0 - RADIUS + 0.1
    sliding = moved(np.array([MIDDLE - 5.0 - RADIUS - 0.1, 30.0]), np.array([1.0, 1.0]), OPEN)
    assert sliding[0] < MIDDLE - 5.0 and sliding[1] == 32.5, "it slides along"
    assert moved(CORNERS[0], np.array([9.0, -9.0]), OPEN).tolist() == [42.5, 37.5], "actions are clipped"


@pytest.mark.parametrize("closed", [OPEN, 0, 1, 2, 3])
def test_the_expert_gets_everywhere_in_about_the_time_it_says(closed):
    generator = np.random.default_rng(0)
    for _ in range(40):
        place, goal = free_place(generator, closed), free_place(generator, closed)
        expert = Expert(goal, closed)
        expected, steps = expert.steps(place), 0
        while np.hypot(*(goal - place)) > 2.0:
            place = moved(place, expert.action(place), closed)
            assert is_free(place[None], closed)[0]
            steps += 1
            assert steps < expected * 1.4 + 20
    assert len(shortest(CORNERS[0], CORNERS[3], OPEN)) == 5, "two doors, and the goal"


def test_a_closed_door_makes_the_way_longer():
    def steps(closed: int) -> float:
        return Expert(np.array([MIDDLE + 20.0, 56.0]), closed).steps(np.array([MIDDLE - 20.0, 56.0]))

    assert steps(OPEN) == pytest.approx(16.0, abs=1.0) and steps(0) > 5.0 * steps(OPEN)


def test_the_picture_shows_two_dots_alike():
    room = FourRoom(np.array([60.0, 60.0]), np.array([160.0, 170.0]), OPEN)
    picture = room.image()
    red = (picture[..., 0] > 200) & (picture[..., 1] < 100)
    assert red[60, 60] and red[170, 160] and red.sum() == pytest.approx(2 * np.pi * RADIUS**2, rel=0.35)
    small = room.image(56)
    assert small.shape == (56, 56, 3) and small[15, 15, 1] < 200
    np.testing.assert_array_equal(room.image(), picture)


def test_the_double_moves_and_jumps():
    generator = np.random.default_rng(1)
    room, explorer = FourRoom(CORNERS[0], CORNERS[3], OPEN), Explorer(generator)
    jumps, before = 0, room.double
    for _ in range(3000):
        room.step(np.zeros(2), explorer.action(), generator)
        jumps += np.hypot(*(room.double - before)) > 4.0
        before = room.double
        assert is_free(before[None])[0]
    assert np.array_equal(room.agent, CORNERS[0])
    assert jumps == pytest.approx(3000 / JUMP_STEPS, rel=0.35)


def test_who_explores_and_who_has_goals_get_around():
    generator = np.random.default_rng(2)
    explorer, expert = Explorer(generator), UnsteadyExpert(1, generator)
    for act in (lambda place: explorer.action(), expert.action):
        place, rooms = CORNERS[0], set()
        for _ in range(4000):
            action = act(place)
            assert (np.abs(action) <= 1.0).all()
            place = moved(place, action, 1)
            rooms.add(room_of(place))
        assert len(rooms) >= 2
    assert room_of(DOORS[0] + [9.0, 0.0]) == (1, 0)
