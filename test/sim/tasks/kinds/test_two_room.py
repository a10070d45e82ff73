# SPDX-License-Identifier: Apache-2.0
"""Task two_room: a wall with one door, somewhere else in each episode, and no straight way to the goal."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs pybullet")

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.task_file import read_task
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.pybullet.yard import Yard
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.kinds.two_room import Settings, Task
from ami_ros.types import Command

SPEC = load_robot("husky", "two_room")
OWN = read_task("two_room").own
SEEDS = range(30)
TICK_NS = 10_000_000


@pytest.fixture(scope="module")
def task():
    return load_task("two_room", SPEC)


@pytest.fixture(scope="module")
def yard(task):
    yard = Yard(SPEC, 200.0)
    task.furnish(yard)
    yield yard
    yard.close()


def test_start_and_goal_are_in_different_rooms_and_the_door_is_not_between_them(task):
    doors = []
    for seed in SEEDS:
        episode, again = task.episode(seed), task.episode(seed)
        for name in ("start", "goal", "start_objects", "goal_objects"):
            np.testing.assert_equal(getattr(episode, name), getattr(again, name))
        assert episode.start[0] * episode.goal[0] < 0.0
        assert min(abs(episode.start[0]), abs(episode.goal[0])) > SPEC.base.radius
        door = task._door_of(episode)
        doors.append(door)
        gap = episode.start_objects["high_wall"][1] - episode.start_objects["low_wall"][1] - 6.4
        assert gap == pytest.approx(OWN["door_width"])
        share = episode.start[0] / (episode.start[0] - episode.goal[0])
        crossing = episode.start[1] + share * (episode.goal[1] - episode.start[1])
        assert abs(crossing - door) > 0.5, "the straight way leads into the wall"
    assert np.ptp(doors) > 2.0


def test_doors_that_are_kept_for_a_test_are_in_no_training_episode(task):
    unseen = Task(SPEC, load_settings(Settings, {**OWN, "map": "unseen"}))
    generator = np.random.default_rng(0)

    def doors(it: Task) -> np.ndarray:
        episodes = [*(it.episode(seed) for seed in SEEDS), *(it.scatter(generator) for _ in SEEDS)]
        return np.array([it._door_of(episode) for episode in episodes])

    inside = lambda at: (at > OWN["unseen_lower"]) & (at < OWN["unseen_upper"])  # noqa: E731
    assert not inside(doors(task)).any() and inside(doors(unseen)).all()
    assert doors(task).min() < -1.0 and doors(task).max() > OWN["unseen_upper"]


def test_the_wall_stops_the_base(task, yard):
    episode = task.episode(0)
    yard.reset(np.array([-1.5, task._door_of(episode) + 2.0, 0.0]), episode.start_objects)
    for _ in range(100):
        yard.advance(command(0.5, 0.0), 10 * TICK_NS)
    assert -1.0 < yard.pose()[0] < -0.3, "it has driven up to the wall, and no further"


def command(vx: float, wz: float):
    from ami_ros.types import Command

    return Command(np.array([vx, wz]), np.zeros(2), 0)


def test_the_wall_is_in_the_picture_and_the_door_where_it_is(task, yard):
    left, right = (
        yard.image_at(np.array([2.0, 2.0, 0.0]), task._wall(door)).astype(int) for door in (-1.5, 1.5)
    )
    changed = np.abs(left - right).sum(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 50 and np.ptp(columns) > 30 and np.ptp(rows) < 15


@pytest.mark.slow
def test_who_knows_the_door_gets_there(task, yard):
    loop = StepLoop(yard, SPEC, load_safety_settings())
    reached = 0
    for seed in range(3):
        episode = task.episode(seed)
        yard.reset(episode.start, episode.start_objects)
        loop.restart()
        oracle = task.oracle(episode)
        for _ in range(task.episode_steps):
            loop.act(oracle.next(yard)[None, None], yard.observe())
            if task.error(yard, episode) < 1.0:
                reached += 1
                break
    assert reached == 3


def test_training_data_crosses_the_door(yard):
    task = Task(SPEC, load_settings(Settings, {**OWN, "straight_share": 0.0}))
    generator, loop = np.random.default_rng(0), StepLoop(yard, SPEC, load_safety_settings())
    episode = task.scatter(generator)
    yard.reset(episode.start, episode.start_objects)
    loop.restart()
    motion, sides = task._tour(episode, generator), set()
    for _ in range(250):
        loop.act(motion.next(yard)[None, None], yard.observe())
        sides.add(math.copysign(1.0, yard.pose()[0]))
        if len(sides) == 2:
            break
    assert len(sides) == 2


@pytest.mark.slow
def test_training_data_drive_against_the_wall_and_turn_to_the_next_place(yard):
    task = Task(SPEC, load_settings(Settings, {**OWN, "straight_share": 1.0}))
    loop, touched = StepLoop(yard, SPEC, load_safety_settings()), False
    for seed in range(3):
        episode = task.episode(seed)
        yard.reset(episode.start, episode.start_objects)
        loop.restart()
        motion = task._tour(episode, np.random.default_rng(seed))
        places = len(motion._left)
        for _ in range(OWN["straight_steps"] * 3 + 1):
            loop.act(motion.next(yard)[None, None], yard.observe())
            touched |= bool(yard.snapshot()["contacts"][0] > 0.0)
        assert len(motion._left) <= places - 3
    assert touched


def test_training_data_start_in_the_door_with_any_heading(task, yard):
    generator = np.random.default_rng(0)
    headings = []
    for _ in range(60):
        episode = task.scatter(generator)
        if abs(episode.start[0]) < SPEC.base.radius:  # no room of the base: it is in the door
            headings.append(episode.start[2])
            yard.reset(episode.start, episode.start_objects)
            yard.advance(Command(np.zeros(2), np.zeros(2), 0), TICK_NS)
            assert yard.snapshot()["contacts"].tolist() == [0.0]
    assert len(headings) > 5 and np.ptp(headings) > math.pi


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"door_width": 1.0}, "expected one wider than 1.24 m"),
        ({"door_lower": 2.0}, "expected one wider than 1.24 m, and a range"),
        ({"unseen_upper": 2.5}, "got unseen doors at 0.4 to 2.5 m, expected a range within"),
        ({"margin": 2.0}, "expected room for the base with its margin"),
        ({"least_detour": 9.0}, "least_detour: got 9.0, which 1000 draws did not give"),
    ],
)
def test_what_does_not_fit_is_told(changes, says):
    with pytest.raises(ConfigError, match=says):
        Task(SPEC, load_settings(Settings, {**OWN, **changes}))


def test_a_body_that_cannot_drive_is_refused():
    with pytest.raises(ConfigError, match=r"expected \[vx, wz\] and a base with keep_in"):
        load_task("two_room", load_robot("panda"))


def test_touching_the_wall_is_counted(task, yard):
    episode = task.episode(0)
    side = math.copysign(1.0, episode.start[0])
    away_from_door = -math.copysign(2.2, task._door_of(episode))
    yard.reset(np.array([side * 1.0, away_from_door, math.pi if side > 0 else 0.0]), episode.start_objects)
    forward = Command(np.array([0.5, 0.0]), np.zeros(2), 0)
    yard.advance(forward, TICK_NS)
    assert yard.snapshot()["contacts"].tolist() == [0.0]
    for _ in range(200):
        yard.advance(forward, TICK_NS)
    assert yard.snapshot()["contacts"][0] > 0.0
    assert side * yard.pose()[0] > 0.3, "it does not go through"
