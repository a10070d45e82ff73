# SPDX-License-Identifier: Apache-2.0
"""Episodes without ROS: for every task, whoever plans, in one process or in many."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from untrained import untrained_model

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError, ContractError, ModelFileError
from ami_ros.evaluation.baselines import baseline_names
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment, parsed_changes, prepare
from ami_ros.evaluation.spread_episodes import SpreadRunner
from ami_ros.memory.reader import MemoryReader
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.by_name import load_task

EPISODES, SEED, STEPS = 2, 5, {"reach": 40, "push": 100}


@pytest.fixture(scope="module")
def experiments(tmp_path_factory) -> dict[str, Experiment]:
    made = {}
    for task in STEPS:
        model = untrained_model(tmp_path_factory.mktemp(task), task)
        plain = prepare("panda", task, model, None, EPISODES, SEED, "image")
        # No deadline: what a loaded machine has time for would decide about the plan.
        planner = dataclasses.replace(plain.planner, deadline_s=60.0, num_samples=16, num_iterations=2)
        made[task] = dataclasses.replace(plain, planner=planner)
    return made


@pytest.fixture(scope="module")
def push(experiments) -> tuple[Experiment, list[EpisodeResult]]:
    runner = DirectRunner(experiments["push"])
    results = list(runner.episodes())
    runner.close()
    return experiments["push"], results


def same(one: EpisodeResult, other: EpisodeResult) -> None:
    for name in ("seed", "joints", "poses", "error", "goal_image", "final_image", "arrived_step", "levels"):
        np.testing.assert_equal(getattr(one, name), getattr(other, name))


@pytest.mark.slow
def test_a_task_with_an_object_runs(push):
    _, results = push
    assert [result.seed for result in results] == [SEED, SEED + 1]
    for result in results:
        assert len(result.error) == STEPS["push"] + 1 and result.error[0] >= 0.079
        assert result.poses.shape == (STEPS["push"] + 1, 1, 7)


def test_with_memory_on_an_episode_is_the_same_and_is_remembered(push, tmp_path):
    experiment, results = push
    runner = DirectRunner(dataclasses.replace(experiment, memory=tmp_path / "memory.sqlite"))
    same(results[0], runner.episode(SEED))
    runner.close()
    with MemoryReader(tmp_path / "memory.sqlite") as memory:
        assert [episode.goal for episode in memory.episodes().values()] == [f"seed {SEED}"]
        assert memory.figures().moments >= 1


@pytest.mark.slow
def test_several_processes_give_the_same_episodes_in_the_same_order(push):
    experiment, expected = push
    runner = SpreadRunner(experiment, workers=2)
    for one, other in zip(runner.episodes(), expected, strict=True):
        same(one, other)
    runner.close()


def test_an_episode_does_not_depend_on_those_before(push):
    experiment, expected = push
    runner = DirectRunner(experiment)
    runner.episode(SEED, "random")
    same(runner.episode(SEED + 1), expected[1])
    runner.close()


def test_a_model_that_is_not_there_ends_the_workers(push, tmp_path):
    runner = SpreadRunner(dataclasses.replace(push[0], model=tmp_path / "none.pt"), workers=2)
    with pytest.raises(ModelFileError):
        list(runner.episodes())


def test_the_oracle_is_a_baseline_where_the_task_has_one(experiments):
    assert baseline_names(experiments["reach"]) == ("random", "hold", "inverse_model")
    assert baseline_names(experiments["push"]) == ("random", "hold", "inverse_model", "oracle")
    runner = DirectRunner(dataclasses.replace(experiments["reach"], seeds=(SEED,)))
    with pytest.raises(ConfigError, match="task reach has no oracle"):
        list(runner.episodes("oracle"))
    runner.close()


def test_a_model_of_another_task_is_refused(experiments):
    with pytest.raises(ContractError, match=r"block: model 1, robot 2; channels: model \['x', 'y', 'z'\]"):
        prepare("panda", "push", experiments["reach"].model, None, 1, SEED, "image")


def test_joint_goals_are_for_tasks_that_they_say_everything_of(experiments):
    assert prepare("panda", "reach", experiments["reach"].model, None, 1, SEED, "joints").by_joints
    with pytest.raises(ConfigError, match="task push: .*expected --goal image"):
        prepare("panda", "push", experiments["push"].model, None, 1, SEED, "joints")


@pytest.mark.parametrize("task", STEPS)
def test_the_planner_is_set_as_the_task_wants_it(experiments, task):
    assert load_task(task, load_robot("panda", task)).episode_steps == STEPS[task]
    assert experiments[task].spec.action_block == load_robot("panda", task).action_block


def test_settings_can_be_changed_from_the_command_line():
    assert parsed_changes(["distance=l2", "num_samples=32"]) == {"distance": "l2", "num_samples": 32}
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        parsed_changes(["distance"])


def test_the_solver_can_be_set_either_way_but_not_both(experiments):
    def solver(planner: str | None, *changes: str) -> str:
        wanted = prepare("panda", "push", experiments["push"].model, planner, 1, SEED, "image", None, changes)
        return wanted.planner.solver

    assert solver(None, "solver=cem") == solver("cem") == solver("cem", "solver=cem") == "cem"
    with pytest.raises(ConfigError, match="--planner cem and --set solver=mppi"):
        solver("cem", "solver=mppi")


@pytest.mark.slow
def test_what_was_remembered_before_is_a_baseline_that_adds_nothing(push, tmp_path):
    # To an untrained model all pictures look nearly the same: it shall not think that it has arrived.
    restless = dataclasses.replace(push[0].planner, arrival_distance=1e-6, departure_distance=1e-6)
    experiment, file = dataclasses.replace(push[0], planner=restless), tmp_path / "memory.sqlite"
    runner = DirectRunner(dataclasses.replace(experiment, memory=file))
    runner.episode(SEED)
    runner.close()
    with MemoryReader(file) as memory:
        before = memory.figures().moments
    again = dataclasses.replace(experiment, memory_before=file)
    assert baseline_names(again) == ("random", "hold", "inverse_model", "retrieval", "oracle")
    runner = DirectRunner(again)
    done, still = runner.episode(SEED, "retrieval"), runner.episode(SEED, "hold")
    runner.close()
    assert np.abs(done.joints - still.joints).max() > 0.01, "it did something"
    with MemoryReader(file) as memory:
        assert memory.figures().moments == before
    runner = DirectRunner(experiment)
    with pytest.raises(ConfigError, match="without a memory, expected memory:=auto or a file"):
        runner.episode(SEED, "retrieval")
    runner.close()
