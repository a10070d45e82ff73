# SPDX-License-Identifier: Apache-2.0
"""Task drive: seeded poses inside the area, an error in tolerances, and motion that stays inside."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs pybullet")
import yaml
from bodies.wheeled_base import husky_yaml
from part_settings import load_collect_settings

from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.exploration.steering import wrapped
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.share import config_path
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.pybullet.yard import Yard
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.kinds.drive import Settings, Task
from ami_ros.sim.tasks.yardstick import TOLERANCES

SPEC = load_robot("husky", "drive")
DISTANCE, ANGLE = 0.1, math.radians(15.0)
SEEDS = range(40)


@pytest.fixture(scope="module")
def task():
    return load_task("drive", SPEC)


@pytest.fixture(scope="module")
def yard():
    yard = Yard(SPEC, 200.0)
    yield yard
    yard.close()


class Standing:
    """A yard in which the base stands at a pose."""

    def __init__(self, *pose: float) -> None:
        self._pose = np.array(pose)

    def body(self) -> dict[str, np.ndarray]:
        return {"pose": self._pose}


def test_episodes_are_inside_and_the_same_again(task):
    starts = []
    for seed in SEEDS:
        episode, again = task.episode(seed), task.episode(seed)
        np.testing.assert_array_equal(episode.start, again.start)
        np.testing.assert_array_equal(episode.goal_position, again.goal)
        places = np.stack([episode.start[:2], episode.goal[:2]])
        assert (room(places, SPEC.base.keep_in) >= SPEC.base.radius + 0.1).all()
        assert task.error(Standing(*episode.start), episode) >= 5.0
        starts.append(episode.start)
    spread = np.std(starts, axis=0)
    assert (spread[:2] > 0.5).all() and spread[2] > 1.0, "positions and headings are covered"


def test_the_error_is_the_worse_of_distance_and_turn(task):
    episode = task.episode(3)
    x, y, yaw = episode.goal
    assert task.error(Standing(x, y, yaw), episode) == pytest.approx(0.0)
    assert task.error(Standing(x + 0.03, y - 0.04, yaw), episode) == pytest.approx(0.05 / DISTANCE)
    assert task.error(Standing(x, y, yaw + ANGLE), episode) == pytest.approx(1.0)
    assert task.error(Standing(x, y, yaw - 2 * math.pi + 0.5 * ANGLE), episode) == pytest.approx(0.5)
    assert task.error(Standing(x, y, yaw + math.pi), episode) == pytest.approx(12.0)
    assert task.yardstick is TOLERANCES and not task.goal_sensor and not task.goal_is_posture


def test_the_script_gets_there_through_the_gate(task, yard):
    loop = ClosedLoop(yard, SPEC, load_safety_settings())
    for seed in (2001, 2002):
        oracle = Oracle(yard, SPEC, task.oracle(task.episode(seed)))
        result = loop.run(oracle, seed, task)
        assert result.error[-1] < 1.0 and result.yardstick is TOLERANCES
        assert result.levels["HOLD"] == result.levels["STOP"] == 0
        assert result.moments["posture"].shape == (task.episode_steps + 1, 11)


@pytest.mark.slow
def test_random_driving_covers_the_area_and_stays_inside(task, yard):
    settings = load_collect_settings("drive")
    loop = ClosedLoop(yard, SPEC, load_safety_settings())
    rooms, actions = [], []
    for seed in range(4):
        generator = np.random.default_rng(seed)
        episode = task.scatter(generator)
        motion = task.motion(episode, settings, generator)
        yard.reset(episode.start)
        loop.restart()
        for _ in range(settings.episode_steps):
            action = motion.next(yard)
            loop.act(action[None, None], yard.observe())
            actions.append(action)
            rooms.append(float(room(yard.pose()[None, :2], SPEC.base.keep_in)[0]))
    assert min(rooms) > SPEC.base.radius - 0.05
    low = SPEC.actions.centre - SPEC.actions.half_range
    assert (np.array(actions) >= low).all() and (np.abs(np.mean(actions, axis=0)) < 0.3).all()


def settings(**changes) -> Settings:
    values = {
        "episode_steps": 10,
        "minimum_travel": 1.0,
        "distance_tolerance": 0.1,
        "angle_tolerance_deg": 15.0,
        "margin": 0.1,
    }
    return Settings(**{**values, **changes})


def test_what_cannot_be_is_told(tmp_path):
    with pytest.raises(ConfigError, match="no place 3.62 m from its border"):
        Task(SPEC, settings(margin=3.0))
    with pytest.raises(ConfigError, match="minimum_travel"):
        Task(SPEC, settings(minimum_travel=1e5)).episode(0)
    with pytest.raises(ConfigError, match="expected .* a base with keep_in"):
        Task(load_robot("panda"), settings())
    free = husky_yaml(tmp_path, lambda values: values["base"].pop("keep_in"))
    with pytest.raises(ConfigError, match="keep_in"):
        Task(load_robot(free), settings())


def test_the_shipped_file_has_the_tolerances_that_are_reported():
    own = yaml.safe_load(config_path("tasks", "drive.yaml").read_text())
    assert (own["distance_tolerance"], own["angle_tolerance_deg"]) == (0.1, 15.0)


@pytest.mark.parametrize(("angle", "expected"), [(0.5, 0.5), (4.0, 4.0 - math.tau), (-4.0, math.tau - 4.0)])
def test_angles_wrap_around(angle, expected):
    assert wrapped(angle) == pytest.approx(expected)
