# SPDX-License-Identifier: Apache-2.0
"""OGBench itself: its tasks, its tolerance, its walls, and walks that become episodes of our robot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ogbench", reason="needs the extra 'point_maze'", exc_type=ImportError)
pytest.importorskip("imageio", reason="needs the extra 'point_maze'", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.point_maze import command
from benchmarks.point_maze.mazes import MAZES
from benchmarks.point_maze.recording import STEPS, Walker, record
from benchmarks.point_maze.world import HELD, SPEED, TASKS, World

pytestmark = pytest.mark.filterwarnings("ignore")  # of gymnasium, about spaces


@pytest.mark.parametrize("name", MAZES)
def test_tasks_of_a_seed_are_alike_and_begin_far_from_the_goal(name):
    world = World(MAZES[name])
    for task in range(1, TASKS + 1):
        start = world.begin(task, 3)
        goal = world.goal
        for place in (start, goal):
            assert world.map[world.cell(place)] == 0
        assert np.linalg.norm(start - goal) > 3.0
        np.testing.assert_array_equal(world.begin(task, 3), start)
        np.testing.assert_array_equal(world.goal, goal)
        assert not np.array_equal(world.begin(task, 4), start)


def test_who_knows_the_map_arrives_and_the_episode_ends():
    world = World(MAZES["medium"])
    walker = Walker(world)
    place = world.begin(1, 3)
    while not world.ends:
        toward = world.middle(walker._next(world.cell(place), world.cell(world.goal))) - place
        place = world.act(toward / max(1.0, float(np.linalg.norm(toward))))
    assert world.reached and world.step < 1000
    assert np.linalg.norm(place - world.goal) <= 1.0


def test_a_wall_stops_the_point_and_time_runs_out():
    world = World(MAZES["medium"])
    start = world.begin(1, 3)
    while not world.ends:
        place = world.act(np.array([0.0, -1.0]))
    assert (world.step, world.reached) == (1000, False)
    assert place[0] == pytest.approx(start[0], abs=0.1)
    assert -1.5 < place[1] < -1.2  # the wall is 2 m from the middle of the cell, and the point 0.7 m thick


def test_walks_become_episodes(tmp_path):
    spec = load_robot(str(Path(command.__file__).with_name("point.yaml")))
    record(MAZES["large"], tmp_path, spec, 2)
    first, second = (read_episode(path) for path in list_episodes(tmp_path))
    places, actions = Walker(World(MAZES["large"], keeps_on=True, most_steps=STEPS)).walk(1)
    np.testing.assert_allclose(second.vectors["position"], places[::HELD], rtol=1e-5)
    assert first.actions.shape == (STEPS // HELD, 2)
    np.testing.assert_allclose(second.actions[3], SPEED * actions[15:20].mean(axis=0), rtol=1e-5)
    moved = np.diff(second.vectors["position"], axis=0)
    free = np.abs(moved - 0.5 * second.actions).max(axis=1) < 0.01  # a control step lasts 0.5 s
    assert free.mean() > 0.5
