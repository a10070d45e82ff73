# SPDX-License-Identifier: Apache-2.0
"""A gymnasium environment of any body, the gate inside."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("gymnasium", reason="needs the extra 'gym'")
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
import gymnasium
from gymnasium.utils.env_checker import check_env

import ami_ros
from ami_ros.api.environment import RobotEnv
from ami_ros.episodes.episode import list_episodes, read_episode

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BOILER = str(EXAMPLES / "boiler.yaml"), str(EXAMPLES / "warm_up.yaml")


@pytest.fixture(params=[("panda", "reach"), ("husky", "drive")], ids=["arm", "base"])
def env(request):
    made = ami_ros.make_env(*request.param)
    yield made
    made.close()


def test_gymnasium_finds_nothing_wrong(env):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*infinity.*")  # a sensor has no bounds
        warnings.filterwarnings("ignore", message=".*np.float.*")
        check_env(env, skip_render_check=True)


def test_the_same_seed_and_actions_give_the_same_episode(env):
    def episode():
        first, _ = env.reset(seed=7)
        rest = [env.step(action)[0] for action in np.full((3, *env.action_space.shape), 0.1)]
        return [first, *rest]

    for one, two in zip(episode(), episode(), strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


def test_an_episode_ends_with_its_steps_and_the_reward_is_minus_the_error(env):
    env.reset(seed=3)
    ended, steps = False, 0
    while not ended:
        _, reward, terminated, ended, info = env.step(np.zeros(env.action_space.shape))
        steps += 1
        assert reward == -info["error"] and not terminated
    assert steps > 10 and sum(info["levels"].values()) > steps


def test_the_gate_is_inside(env):
    env.reset(seed=3)
    for _ in range(3):
        _, _, _, _, info = env.step(env.action_space.high * 100.0)
    assert info["levels"]["PASS"] < sum(info["levels"].values())


@pytest.mark.parametrize("action", [[0.0], [np.nan] * 3, [[0.0, 0.0, 0.0]]])
def test_an_action_that_is_none_is_refused_by_name(action):
    env = ami_ros.make_env()
    with pytest.raises(ami_ros.AmiError, match=r"expected reset\(\) first"):
        env.step(np.zeros(3))
    env.reset(seed=1)
    with pytest.raises(ami_ros.AmiError, match="expected 3 finite numbers, one for each of .*'x'"):
        env.step(action)
    env.close()


def test_finished_episodes_become_a_data_set(tmp_path):
    env = ami_ros.make_env(*BOILER, record=tmp_path / "data")
    observed = [env.reset(seed=3)[0]]
    action, done = env.action_space.high, False
    while not done:
        seen, _, _, done, _ = env.step(action)
        observed.append(seen)
    env.reset(seed=4)
    env.step(action)
    env.close()
    (path,) = list_episodes(tmp_path / "data")  # of the other one nobody knows the end
    record = read_episode(path)
    np.testing.assert_allclose(record.actions, np.tile(action, (len(observed) - 1, 1)))
    wanted = [one["temperatures"] for one in observed]
    np.testing.assert_allclose(record.vectors["temperatures"], wanted, rtol=1e-6)
    with pytest.raises(ami_ros.AmiError, match="equal length"):
        ami_ros.make_env(*BOILER, record=tmp_path / "data", terminate_on_success=True)
    with pytest.raises(ami_ros.AmiError, match="gated: True, expected False"):
        ami_ros.make_env(*BOILER, gated=False, record=tmp_path / "data")


def test_gymnasium_makes_it_by_name_and_it_ends_at_the_first_success_where_that_is_wanted(tmp_path):
    easy = yaml.safe_load(Path(BOILER[1]).read_text()) | {"tolerance": [1e6, 1e6], "minimum_travel": 0.0}
    task = tmp_path / "easy.yaml"
    task.write_text(yaml.safe_dump(easy))
    for ends in (False, True):
        name = "ami_ros.api.environment:ami_ros/Robot-v0"
        env = gymnasium.make(name, robot=BOILER[0], task=str(task), terminate_on_success=ends)
        env.reset(seed=1)
        _, _, terminated, truncated, info = env.step(env.action_space.low)
        assert info["success"] and (terminated, truncated) == (ends, False)
        env.close()
    with pytest.raises(ami_ros.AmiError, match="render_mode: got 'human'"):
        RobotEnv(*BOILER, render_mode="human")
