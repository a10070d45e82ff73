# SPDX-License-Identifier: Apache-2.0
"""A gymnasium environment of any body, the gate inside."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs the extra 'gym'")
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from gymnasium.utils.env_checker import check_env

import ami_ros


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
