# SPDX-License-Identifier: Apache-2.0
"""A map that changes on the way: once, to one that leaves the goal free, and never into the robot."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.map_change import UNDER_WAY, MapChange
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.pybullet.yard import Yard
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.kinds.barrier import _inward, _place_of

PANDA, HUSKY = load_robot("panda", "barrier"), load_robot("husky", "two_room")
SEEDS = range(10)


@pytest.fixture(scope="module")
def task():
    return load_task("barrier", PANDA, "changed")


@pytest.fixture(scope="module")
def scene(task):
    scene = Scene(PANDA, 200.0)
    task.furnish(scene)
    yield scene
    scene.close()


def test_the_other_trap_leaves_the_goal_free_and_is_one_that_training_has(task):
    for seed in SEEDS:
        episode = task.episode(seed)
        place = _place_of(episode.later_objects)
        assert task._trap.clearance(_inward(episode.goal_position[:2], place)[None])[0] > 0.01
        assert not np.allclose(place, _place_of(episode.start_objects))
        assert not 20.0 < np.degrees(place[2]) < 70.0
    assert load_task("barrier", PANDA).episode(0).later_objects is None


def test_the_other_door_is_somewhere_else():
    rooms = load_task("two_room", HUSKY, "changed")
    for seed in SEEDS:
        episode = rooms.episode(seed)
        doors = [
            np.mean([pose[1] for pose in walls.values()])
            for walls in (episode.start_objects, episode.later_objects)
        ]
        assert abs(doors[0] - doors[1]) >= 1.8


def test_walls_are_put_elsewhere_but_not_into_the_arm(task, scene):
    episode = task.episode(1)
    scene.reset(episode.start, episode.start_objects)
    before, tip = scene.poses(), scene.tip()
    into_the_arm = {name: np.array([*tip[:2], *pose[2:]]) for name, pose in episode.start_objects.items()}
    assert not scene.rearrange(into_the_arm)
    np.testing.assert_array_equal(scene.poses(), before)
    away = {name: pose + [0.0, 0.6, 0.0, 0.0] for name, pose in episode.start_objects.items()}
    assert scene.rearrange(away)
    for name, place in scene.objects().items():
        np.testing.assert_allclose(place, away[name][:3], atol=1e-6)
    np.testing.assert_allclose(scene.tip(), tip, atol=1e-9)


def test_a_base_is_not_walled_in_where_it_stands():
    rooms = load_task("two_room", HUSKY, "changed")
    yard = Yard(HUSKY, 200.0)
    rooms.furnish(yard)
    episode = rooms.episode(2)
    in_the_door = np.array([0.0, rooms._door_of(episode), 0.0])
    yard.reset(in_the_door, episode.start_objects)
    assert not yard.rearrange(episode.later_objects)
    yard.reset(episode.start, episode.start_objects)
    assert yard.rearrange(episode.later_objects)
    yard.close()


def test_it_waits_until_there_is_room_and_happens_once(task):
    class Crowded:
        asked = 0

        def rearrange(self, poses):
            self.asked += 1
            return self.asked == 3

    world, change = Crowded(), MapChange(task.episode(0), 100)
    for step in range(1, 101):
        change.see(world, step)
        assert world.asked == min(3, max(0, step - round(100 * UNDER_WAY) + 1))


def test_in_an_episode_the_goal_stays_and_the_walls_do_not(task, scene):
    planner = Oracle(scene, PANDA, task.oracle(task.episode(0)))
    result = ClosedLoop(scene, PANDA, load_safety_settings()).run(planner, 0, task)
    walls = result.poses[:, :, :3]
    moved = np.flatnonzero(np.abs(np.diff(walls, axis=0)).max(axis=(1, 2)) > 1e-6)
    assert len(moved) == 1 and moved[0] + 1 >= round(UNDER_WAY * task.episode_steps)
    later = np.stack([pose[:3] for pose in task.episode(0).later_objects.values()])
    np.testing.assert_allclose(walls[-1], later, atol=1e-6)
