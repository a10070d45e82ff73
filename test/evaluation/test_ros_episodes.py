# SPDX-License-Identifier: Apache-2.0
"""Episodes over real DDS: the same as in process, and a clear error when a node dies."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from untrained import that_moves, untrained_model

from ami_ros.errors import ProcessError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment, prepare
from ami_ros.evaluation.ros_episodes import RosRunner
from ami_ros.settings.share import config_path

SEED = 31
CASES = [("reach", False), ("reach", True), ("push", False)]


STEPS = 24  # control steps: several plans and blocks; a difference shows at once


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> dict[str, tuple[Path, Path]]:
    """By name: a task whose episodes are short, and an untrained model for it."""
    made = {}
    for name in ("reach", "push"):
        folder = tmp_path_factory.mktemp(name)
        values = yaml.safe_load(config_path("tasks", f"{name}.yaml").read_text())
        task = folder / f"{name}.yaml"
        task.write_text(yaml.safe_dump({**values, "episode_steps": STEPS}))
        made[name] = (task, untrained_model(folder, task))
    return made


def experiment(short, name: str, goal: str = "image") -> Experiment:
    task, model = short[name]
    plain = prepare("panda", str(task), model, None, episodes=1, seed=SEED, goal=goal)
    return that_moves(plain)


@pytest.mark.quick("reach-False")
@pytest.mark.parametrize(("task", "by_joints"), CASES)
def test_ros_and_direct_move_the_robot_alike_to_the_last_bit(short, tmp_path, task, by_joints):
    wanted = experiment(short, task, "joints" if by_joints else "image")
    (direct,) = DirectRunner(wanted).episodes()
    before = dict(os.environ)
    with RosRunner(wanted, tmp_path, real_time=False) as runner:
        (through_ros,) = runner.episodes()
    assert dict(os.environ) == before
    assert runner.faults == {"unsafe_commands": 0, "timeouts": 0}
    assert np.ptp(direct.joints, axis=0).max() > 1e-3, "it moves"
    for name in ("joints", "poses", "error", "goal_image"):
        np.testing.assert_array_equal(getattr(through_ros, name), getattr(direct, name))
    assert through_ros.arrived_step == direct.arrived_step
    assert len(through_ros.plan_ms) == len(direct.plan_ms)


def test_a_node_that_dies_ends_the_run_with_the_end_of_its_log(short, tmp_path):
    lost = dataclasses.replace(experiment(short, "reach"), model=tmp_path / "gone.pt")
    with (
        pytest.raises(ProcessError, match=r"(?s)planner.node ended with exit code 2.*gone\.pt: no such"),
        RosRunner(lost, tmp_path / "logs", real_time=False) as runner,
    ):
        list(runner.episodes())
