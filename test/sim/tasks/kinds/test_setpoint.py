# SPDX-License-Identifier: Apache-2.0
"""Task setpoint: goals that can be reached, errors in tolerances, motion that fills the ranges."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import mobile_base, process_body
from part_settings import load_collect_settings

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import load_settings
from ami_ros.sim.tasks.kinds.setpoint import Settings, Task
from ami_ros.sim.world.process import Process
from ami_ros.types import Command

GIVEN = {
    "episode_steps": 30,
    "goal_sensor": "temperatures",
    "tolerance": [1.0, 0.5],
    "minimum_travel": 3.0,
}
STEPS = 400


def settings(**changes) -> Settings:
    return load_settings(Settings, {**GIVEN, **changes})


@pytest.fixture
def spec(tmp_path):
    return load_robot(process_body(tmp_path))


@pytest.fixture
def task(spec) -> Task:
    return Task(spec, settings())


def test_a_seed_is_an_episode_whose_goal_can_be_reached(spec, task):
    low, high = spec.limits.lower, spec.limits.upper
    for seed in range(20):
        episode, process = task.episode(seed), Process(spec)
        process.reset(episode.start)
        assert task.error(process, episode) >= 3.0
        assert ((low <= episode.goal) & (episode.goal <= high)).all()
        process.advance(Command(task.oracle(episode).next(process), np.zeros(2), 0), 10**12)
        assert task.error(process, episode) < 1e-6
        again = task.episode(seed)
        np.testing.assert_array_equal(again.start, episode.start)
        np.testing.assert_array_equal(again.goal_position, episode.goal_position)
    assert not np.array_equal(task.episode(1).goal, task.episode(2).goal)


def test_an_error_is_the_largest_difference_in_tolerances(spec, task):
    episode, process = task.episode(0), Process(spec)
    process.reset(episode.goal)
    process._state["temperatures"] += np.array([0.5, -0.5])
    assert task.error(process, episode) == pytest.approx(1.0)


def test_motion_is_smooth_stays_in_range_and_fills_it(spec, task):
    collect, moves = load_collect_settings("reach"), []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        episode = task.scatter(generator)
        motion = task.motion(episode, collect, generator)
        moves.append([motion.next(None) for _ in range(STEPS)])
    actions = spec.actions.normalised(np.array(moves))
    assert np.abs(actions).max() <= 1.0 + 1e-12
    assert np.ptp(actions, axis=(0, 1)).min() > 1.9
    steps = np.diff(actions, axis=1)
    assert steps.std() < 0.75 * actions.std()  # without memory it would be 1.4 times


def test_a_base_can_be_given_a_twist(tmp_path):
    spec = load_robot(mobile_base(tmp_path))
    task = Task(spec, settings(goal_sensor="odometry", tolerance=[0.05] * 6, minimum_travel=1.0))
    episode = task.episode(4)
    assert episode.goal_position.shape == (6,) and task.goal_sensor == "odometry"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"goal_sensor": "smell"}, r"goal_sensor: got 'smell', expected one of \['temperatures'"),
        ({"tolerance": [1.0]}, "tolerance: got .*, expected one for each of the 2 values of temperatures"),
        ({"tolerance": [1.0, 0.0]}, "tolerance: got .*, expected > 0.0"),
        ({"tolerance": [1.0, float("nan")]}, "expected a finite number"),
        ({"minimum_travel": 1000.0}, "minimum_travel: got 1000.0 tolerances, expected at most 4"),
        ({"minimum_travel": -1.0}, "expected >= 0.0"),
        ({"episode_steps": 0}, "expected >= 1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(spec, changes, message):
    with pytest.raises(ConfigError, match=message):
        Task(spec, settings(**changes))


def test_an_arm_has_no_set_points():
    with pytest.raises(ConfigError, match="panda has kind: bullet, expected kind: process"):
        Task(load_robot("panda"), settings())
