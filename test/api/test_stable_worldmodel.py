# SPDX-License-Identifier: Apache-2.0
"""Our world model under public solvers and our planner on a World, on what a World hands to both."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import torch

pytest.importorskip("gymnasium", reason="needs the extra 'gym'")
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)

import ami_ros

ROBOT, TASK = "panda", "reach"
SAMPLES, HORIZON = 5, 3
SEED = 31


@pytest.fixture(scope="module")
def env():
    made = ami_ros.make_env(ROBOT, TASK, terminate_on_success=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def model():
    return ami_ros.load_cost_model(ROBOT, TASK)


def world_info(*seen, step: int = 0) -> dict:
    """Return what a World of these environments hands to a policy: (N, 1, ...)."""
    info = {name: np.stack([one[name] for one in seen])[:, None] for name in seen[0]}
    return {**info, "step_idx": np.full((len(seen), 1), step), "terminated": np.zeros((len(seen), 1), bool)}


def expanded(info: dict) -> dict:
    """Return it as a solver hands it to a model: (N, S, 1, ...)."""
    tensors = {name: torch.from_numpy(values) for name, values in info.items()}
    return {name: t.unsqueeze(1).expand(len(t), SAMPLES, *t.shape[1:]) for name, t in tensors.items()}


def two_episodes(env) -> list[dict]:
    return [env.reset(seed=seed)[0] for seed in (SEED, SEED + 1)]


def test_each_environment_is_judged_by_its_own_state_and_goal_and_by_what_a_robot_would_execute(env, model):
    one, two = two_episodes(env)
    size = model.action_block * env.robot.action_size
    drawn = torch.randn((1, SAMPLES, HORIZON, size), generator=torch.Generator().manual_seed(1))
    both = model.get_cost(expanded(world_info(one, two)), drawn.expand(2, -1, -1, -1))
    assert both.shape == (2, SAMPLES)
    for row, seen in enumerate((one, two)):
        alone = model.get_cost(expanded(world_info(seen)), drawn)
        torch.testing.assert_close(alone[0], both[row])
        torch.testing.assert_close(alone, model.get_cost(expanded(world_info(seen)), drawn.clamp(-1.0, 1.0)))
    assert not torch.allclose(both[0], both[1])


def test_the_cost_falls_along_its_gradient(env, model):
    info = expanded(world_info(two_episodes(env)[0]))
    size = model.action_block * env.robot.action_size
    actions = torch.zeros((1, SAMPLES, HORIZON, size), requires_grad=True)
    cost = model.get_cost(info, actions)
    (slope,) = torch.autograd.grad(cost.sum(), actions)
    assert model.get_cost(info, actions - 0.3 * slope / slope.abs().max())[0, 0] < cost[0, 0]


def test_actions_are_scaled_to_the_robot_and_clipped(env, model):
    scaler = model.process["action"]
    high = env.action_space.high
    np.testing.assert_allclose(scaler.inverse_transform(np.full((2, len(high)), 7.0)), [high, high])
    np.testing.assert_allclose(scaler.transform(scaler.inverse_transform(np.full(len(high), 0.25))), 0.25)


def test_the_policy_does_as_the_planner_in_each_environment_and_leaves_those_that_ended(env):
    patient = {"deadline_s": 60.0, "num_samples": 16}  # both do all their iterations
    policy = ami_ros.load_policy(ROBOT, TASK, **patient)
    planner = ami_ros.load_planner(ROBOT, TASK, **patient)

    class Pool:
        num_envs = 2

    policy.set_env(Pool())
    one, two = two_episodes(env)
    planner.set_goal(env.goal)
    wanted = planner.plan(env.observation).actions[0, 0]
    actions = policy.get_action(world_info(one, two))
    np.testing.assert_allclose(actions[1], wanted, atol=1e-6)
    assert not np.allclose(actions[0], wanted)
    ended = world_info(one, two, step=1)
    ended["terminated"][0] = True
    assert np.isnan(policy.get_action(ended)).all(axis=1).tolist() == [True, False]
    with pytest.raises(ami_ros.AmiError, match="goals of 3 environments, expected 1 to 2"):
        policy.get_action(world_info(one, two, one))
    with pytest.raises(ami_ros.AmiError, match="'camera'"):
        policy.get_action({name: value for name, value in world_info(one, two).items() if name != "camera"})


def test_a_world_reaches_goals_with_their_solver_and_with_our_planner(model):
    swm = pytest.importorskip("stable_worldmodel", reason="needs the extra 'bench'")
    name = "ami_ros.api.environment:ami_ros/Robot-v0"
    world = swm.World(name, 2, add_pixels=False, robot=ROBOT, task=TASK, terminate_on_success=True)
    solver = swm.solver.CEMSolver(model, num_samples=128, n_steps=2, topk=12, var_scale=0.7)
    config = swm.PlanConfig(horizon=5, receding_horizon=1, action_block=model.action_block)
    theirs = swm.policy.WorldModelPolicy(solver, config, model.process)
    for policy in (theirs, ami_ros.load_policy(ROBOT, TASK, deadline_s=60.0)):
        world.set_policy(policy)
        with contextlib.redirect_stdout(io.StringIO()):
            assert world.evaluate(episodes=2, seed=SEED)["success_rate"] == 100.0
    world.close()
