# SPDX-License-Identifier: Apache-2.0
"""The model in models/: what it promises, and that the arm gets there with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.config import load_settings
from ami_ros.embodiment import load_robot
from ami_ros.model.files import read_contract, verify
from ami_ros.model.runtime import ModelRuntime, load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import load_planner_settings
from ami_ros.safety.settings import load_safety_settings
from ami_ros.share import config_path, share_dir
from ami_ros.sim.closed_loop import ClosedLoop
from ami_ros.sim.scene import Scene
from ami_ros.sim.tasks.reach import Reach, ReachSettings
from ami_ros.types import Goal, Plan

PATH = share_dir() / "models" / "panda_reach" / "model.pt"
pytestmark = pytest.mark.skipif(not PATH.is_file(), reason=f"{PATH} does not exist: run `make model`")

SPEC = load_robot("panda")
TASK = load_settings(ReachSettings, config_path("tasks", "reach.yaml"))
# A slow machine shall not change what these tests see.
PATIENT = load_planner_settings({"deadline_s": 60.0})
SEEDS = (7001, 7002, 7003)
REACHED = 0.05  # m


@pytest.fixture(scope="module")
def model() -> ModelRuntime:
    return load_model(PATH, SPEC)


@pytest.fixture
def scene() -> Iterator[Scene]:
    world = Scene(SPEC, 200.0)
    yield world
    world.close()


def test_its_hash_is_right_and_its_contract_fits():
    assert len(verify(PATH)) == 64
    contract = read_contract(PATH)
    contract.check(SPEC)
    assert contract.task == "reach"
    assert len(contract.data_sha256) == len(contract.weights_sha256) == 64


def test_it_predicts_better_than_copying_and_needs_the_actions():
    gates = read_contract(PATH).gates
    open_loop, copy, shuffled = (
        gates[name] for name in ("open_loop_error", "copy_last_error", "shuffled_action_error")
    )
    assert len(open_loop) == len(copy) == len(shuffled) >= 5
    for step, (error, copied, confused) in enumerate(zip(open_loop, copy, shuffled, strict=True)):
        assert error < 0.5 * copied, f"step {step}"
        assert error < 0.5 * confused, f"step {step}"


def test_its_latent_knows_where_the_arm_is():
    gates = read_contract(PATH).gates
    assert min(gates["probes"].values()) > 0.9
    assert gates["effective_rank"] > 10.0
    assert gates["latent_std"]["min"] > 0.1
    assert gates["held_out_episodes"] >= 100


@pytest.mark.parametrize("solver", ["cem", "mppi"])
def test_the_same_observation_gives_the_same_plan(model, scene, solver):
    scene.reset(SPEC.home)
    goal, observation = Goal(image=scene.image_at(SPEC.home + 0.1)), scene.observe()

    def plans() -> list[Plan]:
        planner = RecedingHorizonPlanner(model, SPEC, dataclasses.replace(PATIENT, solver=solver))
        planner.set_goal(goal)
        return [planner.plan(observation) for _ in range(3)]

    for one, other in zip(plans(), plans(), strict=True):
        np.testing.assert_array_equal(one.actions, other.actions)
        assert (one.cost, one.distance, one.proposal) == (other.cost, other.distance, other.proposal)
        assert np.abs(one.actions).max() <= SPEC.max_tip_speed * (1 + 1e-6)


def test_at_the_goal_it_says_so_and_far_away_it_does_not(model, scene):
    scene.reset(SPEC.home)
    planner = RecedingHorizonPlanner(model, SPEC, PATIENT)
    planner.set_goal(Goal(image=scene.image()))
    assert planner.plan(scene.observe()).arrived
    planner.set_goal(Goal(image=scene.image_at(SPEC.home + 0.1)))
    plan = planner.plan(scene.observe())
    assert not plan.arrived
    assert plan.distance > 1.0


def test_a_goal_image_of_another_size_is_the_same_goal(model, scene):
    scene.reset(SPEC.home)
    latents = [model.encode(scene.image(size, size)) for size in (128, 256)]
    there = model.encode(scene.image_at(SPEC.home + 0.1))
    assert (latents[0] - latents[1]).norm() < 0.2 * (latents[0] - there).norm()


@pytest.mark.parametrize("by_joints", [False, True], ids=["image goal", "joint goal"])
def test_the_arm_reaches_what_it_is_shown(model, scene, by_joints):
    planner = RecedingHorizonPlanner(model, SPEC, PATIENT)
    loop, reach = ClosedLoop(scene, SPEC, load_safety_settings()), Reach(SPEC, TASK)
    seeds = SEEDS[:1] if by_joints else SEEDS
    for seed in seeds:
        result = loop.run(planner, seed, reach.episode(seed), TASK.episode_steps, by_joints)
        assert result.error[0] > TASK.minimum_travel - 0.01
        assert result.error[-1] < REACHED, f"seed {seed}: {result.error[-1]:.3f} m from the goal"
        assert result.arrived_step is not None, f"seed {seed}: it is there and does not know"
        assert (result.error[result.arrived_step :] < REACHED).all()
        assert result.levels["STOP"] == result.levels["HOLD"] == 0


def test_two_runs_are_one(model, scene):
    results = []
    for _ in range(2):
        planner = RecedingHorizonPlanner(model, SPEC, PATIENT)
        loop = ClosedLoop(scene, SPEC, load_safety_settings())
        results.append(loop.run(planner, SEEDS[0], Reach(SPEC, TASK).episode(SEEDS[0]), 10))
    np.testing.assert_array_equal(results[0].joints, results[1].joints)
    assert results[0].arrived_step == results[1].arrived_step
