# SPDX-License-Identifier: Apache-2.0
"""Task barrier: a trap around the start, and a goal behind its back."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

import itertools

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.task_file import read_task
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.kinds.barrier import Settings, Task, _inward, _place_of
from ami_ros.sim.tasks.trap import Trap

SPEC = load_robot("panda", "barrier")
OWN = read_task("barrier").own
SEEDS = range(30)
TRAP = Trap(0.1, 0.12, 0.02)


@pytest.fixture(scope="module")
def task():
    return load_task("barrier", SPEC)


@pytest.fixture(scope="module")
def scene(task):
    scene = Scene(SPEC, 200.0)
    task.furnish(scene)
    yield scene
    scene.close()


def test_how_far_the_walls_are():
    places = np.array([[0.0, 0.0], [-0.06, 0.0], [0.0, 0.1], [0.05, 0.0], [0.15, 0.07], [-0.1, 0.0]])
    np.testing.assert_allclose(TRAP.clearance(places), [0.05, 0.0, 0.02, 0.06, 0.1, 0.03], atol=1e-9)


def test_the_way_out_leads_through_the_open_end_and_around():
    start, goal = np.array([-0.03, 0.0]), np.array([-0.1, 0.01])
    way = TRAP.way(start, goal, 0.015)
    np.testing.assert_array_equal(way[-1], goal)
    places = np.array([start, *way])
    dense = np.concatenate(
        [a + np.linspace(0, 1, 50)[:, None] * (b - a) for a, b in itertools.pairwise(places)]
    )
    assert TRAP.clearance(dense).min() > 0.0149
    assert dense[:, 0].max() > 0.05, "out of the open end"
    assert len(TRAP.way(np.array([0.2, 0.0]), np.array([0.2, 0.1]), 0.015)) == 1


def test_the_start_is_inside_and_the_goal_behind_the_back(task):
    for seed in SEEDS:
        episode, again = task.episode(seed), task.episode(seed)
        np.testing.assert_array_equal(episode.goal_position, again.goal_position)
        place = _place_of(episode.start_objects)
        goal = _inward(episode.goal_position[:2], place)
        assert goal[0] < -0.5 * OWN["depth"] - OWN["thickness"]
        assert abs(goal[1]) < 0.5 * OWN["width"]
        start = _inward(task._kinematics.forward(episode.start)[0][:2], place)
        assert (np.abs(start) < 0.5 * np.array([OWN["depth"], OWN["width"]])).all()


def test_traps_that_are_kept_for_a_test_are_in_no_training_episode(task):
    unseen = Task(SPEC, load_settings(Settings, {**OWN, "map": "unseen"}))
    generator = np.random.default_rng(0)

    def turns(it: Task) -> np.ndarray:
        episodes = [*(it.episode(seed) for seed in SEEDS), *(it.scatter(generator) for _ in SEEDS)]
        return np.degrees([_place_of(episode.start_objects)[2] for episode in episodes])

    def kept(turns: np.ndarray) -> np.ndarray:
        return (turns > OWN["unseen_lower_deg"]) & (turns < OWN["unseen_upper_deg"])

    assert not kept(turns(task)).any() and kept(turns(unseen)).all()
    assert np.ptp(turns(task)) > 200.0


def run(task, scene, motion, episode, steps: int) -> list[float]:
    loop = StepLoop(scene, SPEC, load_safety_settings())
    scene.reset(episode.start, episode.start_objects)
    loop.restart()
    errors = []
    for _ in range(steps):
        loop.act(motion.next(scene)[None, None], scene.observe())
        errors.append(task.error(scene, episode))
    return errors


def test_who_knows_the_walls_gets_there_and_who_goes_straight_does_not(task, scene):
    class Straight:
        def next(self, scene):
            return np.clip((episode.goal_position[:2] - scene.tip()[:2]) * 10.0, -0.25, 0.25)

    episode = task.episode(3)
    assert min(run(task, scene, Straight(), episode, 20)) > 0.03
    assert run(task, scene, task.oracle(episode), episode, 25)[-1] < 0.01


def test_training_data_goes_around_the_walls(task, scene):
    generator = np.random.default_rng(4)
    share = load_settings(Settings, {**OWN, "scripted_share": 1.0})
    touring = Task(SPEC, share)
    episode = touring.scatter(generator)
    place = _place_of(episode.start_objects)
    collect = type("Collect", (), {"correlation": 0.8, "amplitude": (0.1, 1.2)})()
    motion, seen = touring.motion(episode, collect, generator), set()
    loop = StepLoop(scene, SPEC, load_safety_settings())
    scene.reset(episode.start, episode.start_objects)
    loop.restart()
    for _ in range(200):
        loop.act(motion.next(scene)[None, None], scene.observe())
        at = _inward(scene.tip()[:2], place)
        if len(seen) == 2:
            break
        seen.add("inside" if (np.abs(at) < 0.5 * np.array([OWN["depth"], OWN["width"]])).all() else "outside")
    assert seen == {"inside", "outside"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"depth": 0.02}, "expected at least three times 0.018 m"),
        ({"unseen_upper_deg": 10.0}, "expected a range within -180 to 180"),
    ],
)
def test_what_does_not_fit_is_told(changes, says):
    with pytest.raises(ConfigError, match=says):
        Task(SPEC, load_settings(Settings, {**OWN, **changes}))


def test_a_body_without_a_tool_is_refused():
    with pytest.raises(ConfigError, match="expected a tool and"):
        load_task("barrier", load_robot("panda", "reach"))
