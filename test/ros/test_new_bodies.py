# SPDX-License-Identifier: Apache-2.0
"""Two bodies by YAML alone, from nothing to commands: collect, train, planner, gate and simulator as nodes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from bodies import process_body, setpoint_task, two_cameras_and_force
from command import run
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import listen_to_gate
from quick_task import quick_task
from std_msgs.msg import String
from std_srvs.srv import SetBool

from ami_ros.model.files import read_verified
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros
from ami_ros.settings.share import config_path
from ami_ros.types import Level

pytest.importorskip("tensorboard", reason="needs the extra 'train'", exc_type=ImportError)
EPISODES, TRAINING_STEPS, SEED = 4, 3, 3


@dataclasses.dataclass
class Running:
    """Simulator, gate and planner of one body, and what they say."""

    truths: list
    statuses: list
    judgements: list

    def truth(self) -> dict:
        return json.loads(self.truths[-1].data)

    def states(self) -> set[GoalState]:
        return {status_from_ros(message).state for message in self.statuses}

    def levels(self) -> list[Level]:
        return [j.verdict.level for j in self.judgements if j.proposal_stamp_ns is None]

    def refused(self) -> list:
        proposals = [j.verdict for j in self.judgements if j.proposal_stamp_ns is not None]
        return [verdict for verdict in proposals if verdict.level > Level.PASS]


def trained(folder: Path, robot: Path, task: Path) -> Path:
    """Collect a little and train a little, with the real commands."""
    names = ("--robot", robot, "--task", task)
    data, model = folder / "data", folder / "model.pt"
    few = ("--event-pairs", 0, "--oddities", 0, "--double-exposures", 0, "--workers", 2, "--seed", SEED)
    collected = run("collect", *names, "--out", data, "--episodes", EPISODES, *few)
    assert collected.returncode == 0, collected.stderr
    training = run("train", *names, "--data", data, "--out", model, "--steps", TRAINING_STEPS, "--threads", 1)
    assert training.returncode == 0, training.stderr
    return model


def sensors_of(model: Path) -> dict[str, str]:
    return {sensor.name: sensor.kind for sensor in read_verified(model).contract().sensors}


@pytest.fixture
def nodes(start, probe):
    def launch(robot: Path, task: Path, model: Path) -> Running:
        names = {"robot": str(robot), "task": str(task)}
        start("sim", **names, lock_step=True, observers=2)
        start("safety", **names, use_sim_time=True)
        goals = {"planner/goal_image": "sim/goal_image", "planner/goal_temperatures": "sim/goal_temperatures"}
        # A model of some steps is surprised by everything: the gate's doubt is not what is tested here.
        start("planner", goals, **names, use_sim_time=True, model=str(model), autostart=True)
        running = Running(
            probe.listen(String, "sim/truth", 100),
            probe.listen(DiagnosticArray, "planner/goal_status", 200),
            listen_to_gate(probe),
        )
        probe.call(SetBool, "sim/pause", data=False)
        return running

    return launch


def test_three_vector_sensors_and_two_set_points(nodes, probe, tmp_path):
    robot, task = process_body(tmp_path), quick_task(setpoint_task(tmp_path), tmp_path)
    model = trained(tmp_path, robot, task)
    assert sensors_of(model) == {"temperatures": "vector", "pressure": "vector", "flow": "vector"}
    running = nodes(robot, task, model)
    probe.until(lambda: running.truths and running.truth()["step"] >= 10, "ten steps", 60.0)
    assert GoalState.MOVING in running.states() or GoalState.ARRIVED in running.states()
    assert min(running.levels()) <= Level.LIMITED, "it moved"
    assert running.truth()["unsafe_commands"] == 0
    assert np.isfinite(running.truth()["error"])


@pytest.mark.slow
def test_two_cameras_and_a_force_sensor(nodes, probe, tmp_path):
    robot, task = two_cameras_and_force(tmp_path), quick_task(config_path("tasks", "reach.yaml"), tmp_path)
    model = trained(tmp_path, robot, task)
    assert sensors_of(model) == {
        "camera": "image",
        "side": "image",
        "joints": "vector",
        "force": "vector",
    }
    running = nodes(robot, task, model)
    probe.until(lambda: running.truths and running.truth()["step"] >= 10, "ten steps", 60.0)
    assert GoalState.MOVING in running.states() or GoalState.ARRIVED in running.states()
    assert running.truth()["unsafe_commands"] == 0
