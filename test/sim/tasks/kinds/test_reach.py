# SPDX-License-Identifier: Apache-2.0
"""Task reach: seeded, far enough, reachable, inside the box."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from robots import changed

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError, KinematicsError
from ami_ros.settings.fields import load_settings
from ami_ros.settings.task_file import read_task
from ami_ros.sim.tasks.kinds.reach import Settings, Task

SPEC = load_robot("panda", "reach")
SETTINGS = load_settings(Settings, read_task("reach").own)
EPISODES = 100
NEAR = 4e-3  # m: start and goal are each solved to 2 mm


@pytest.fixture(scope="module")
def episodes() -> list:
    reach = Task(SPEC, SETTINGS)
    return [reach.episode(seed) for seed in range(EPISODES)]


def test_a_seed_is_an_episode(episodes):
    again = Task(SPEC, SETTINGS)
    for seed in (EPISODES - 1, 3, 3):  # in any order, as often as wanted
        episode = again.episode(seed)
        np.testing.assert_array_equal(episode.start, episodes[seed].start)
        np.testing.assert_array_equal(episode.goal, episodes[seed].goal)
    assert len({episode.goal.tobytes() for episode in episodes}) == EPISODES


def test_start_and_goal_lie_in_the_workspace_and_apart(episodes):
    kinematics = Kinematics(SPEC)
    for episode in episodes:
        start = kinematics.forward(episode.start)[0]
        np.testing.assert_array_equal(kinematics.forward(episode.goal)[0], episode.goal_position)
        for tip in (start, episode.goal_position):
            assert (tip >= SPEC.workspace[0] - NEAR).all()
            assert (tip <= SPEC.workspace[1] + NEAR).all()
        assert np.linalg.norm(start - episode.goal_position) >= SETTINGS.minimum_travel - NEAR
        for joints in (episode.start, episode.goal):
            assert (joints >= SPEC.limits.lower).all()
            assert (joints <= SPEC.limits.upper).all()


def test_goals_fill_the_box(episodes):
    goals = np.array([episode.goal_position for episode in episodes])
    size = SPEC.workspace[1] - SPEC.workspace[0]
    assert (np.ptp(goals, axis=0) > 0.85 * size).all()


def test_the_error_is_the_distance_of_the_tip(episodes):
    class At:
        def __init__(self, tip) -> None:
            self.truth = lambda: {"tip": tip}

    reach = Task(SPEC, SETTINGS)
    goal = episodes[0].goal_position
    assert reach.error(At(goal), episodes[0]) == 0.0
    assert reach.error(At(goal + [0.0, 0.03, 0.04]), episodes[0]) == pytest.approx(0.05)


def test_training_starts_anywhere_in_the_box_and_nothing_is_scripted():
    reach = Task(SPEC, SETTINGS)
    generator = np.random.default_rng(0)
    tips = np.array([Kinematics(SPEC).forward(reach.scatter(generator).start)[0] for _ in range(30)])
    assert (np.ptp(tips, axis=0) > 0.5 * (SPEC.workspace[1] - SPEC.workspace[0])).all()
    assert reach.oracle(reach.episode(0)) is None


def test_more_travel_than_the_box_allows_is_refused_at_once():
    with pytest.raises(ConfigError, match=r"minimum_travel: got 0.5 m, expected at most 0.36\d m"):
        Task(SPEC, dataclasses.replace(SETTINGS, minimum_travel=0.5))
    furthest = Task(SPEC, dataclasses.replace(SETTINGS, minimum_travel=0.36))
    assert np.linalg.norm(furthest.episode(0).goal_position) > 0.0


def test_out_of_reach_is_drawn_again_or_an_error():
    corner = np.array([[0.55, -0.31, 0.4], [0.68, -0.2, 0.52]])
    spec = changed(SPEC, workspace=corner)
    reach = Task(spec, dataclasses.replace(SETTINGS, minimum_travel=0.01))
    assert all(np.isfinite(reach.episode(seed).goal).all() for seed in range(5))
    nowhere = changed(SPEC, workspace=corner + [[2.0, 0.0, 0.0]])
    with pytest.raises(KinematicsError, match="out of reach"):
        Task(nowhere, dataclasses.replace(SETTINGS, minimum_travel=0.01)).episode(0)


@pytest.mark.parametrize(
    ("key", "value"), [("minimum_travel", -0.1), ("minimum_travel", 1.5), ("episode_steps", 0), ("speed", 1)]
)
def test_wrong_settings_are_refused(key, value):
    with pytest.raises(ConfigError, match=key):
        load_settings(Settings, {**dataclasses.asdict(SETTINGS), key: value})
