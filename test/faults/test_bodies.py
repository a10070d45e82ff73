# SPDX-License-Identifier: Apache-2.0
"""Faults by the name of a sensor, over real DDS, on bodies without an arm and with a second camera.

In lock-step, so that the outcome is that of the messages and not of how busy the machine is.
"""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from bodies import mobile_base, process_body, setpoint_task, two_cameras_and_force
from untrained import untrained_model

from ami_ros.evaluation.experiment import prepare
from ami_ros.evaluation.fault_episodes import LOCK_STEP_PATIENCE, FaultRunner, far_seeds
from ami_ros.sim.faults.poses import POSE_FAULTS

SEED = 7001
NEVER_ARRIVED = ("arrival_distance=0.000001", "departure_distance=0.000001")
AS_IT_IS = "judged=false"  # a model that knows nothing shall plan
PATIENCE_S = 0.4  # for the proposal of a planner that sees nothing any more, at each step


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setitem(LOCK_STEP_PATIENCE, "verdict_timeout_s", PATIENCE_S)


def broken(folder, robot, task: str, names: list[str], solver: str | None = None) -> None:
    """Inject faults one after another; those processes that survive go on, as on a robot."""
    model = untrained_model(folder, task, robot)
    experiment = prepare(str(robot), task, model, solver, 1, SEED, changes=(*NEVER_ARRIVED, AS_IT_IS))
    seed = far_seeds(experiment, SEED, 1)[0]
    with FaultRunner(experiment, folder / "logs", real_time=False) as runner:
        for name in names:
            run = runner.inject(name, seed)
            assert (name, run.unsafe, run.moved_after_stop) == (name, {}, 0)
            assert (name, run.problem()) == (name, "")


def trusting(values) -> None:
    """A model that knows nothing is unsure of everything: the gate's doubt is not what is tested."""
    values["safety"] = {"checks": {"doubt": {"disagreement_limit": 100.0, "surprise_limit": 100.0}}}


@pytest.mark.slow
def test_a_base_and_its_odometry(tmp_path):
    def living(values) -> None:
        trusting(values)
        values["sensors"]["odometry"]["freeze_s"] = 0.4

    def speed(values) -> None:
        values.update(goal_sensor="odometry", tolerance=[0.05] * 6, minimum_travel=4.0)

    task = str(setpoint_task(tmp_path, speed))
    names = ["vector_silent", "vector_repeated", "vector_nan"]
    names += ["oversized_vector", "clock_back", "estop"]
    broken(tmp_path, mobile_base(tmp_path, living), task, names)


@pytest.mark.slow
def test_the_pose_of_a_base_that_drives_with_the_shipped_model(tmp_path):
    experiment = prepare("husky", "drive", None, None, 1, SEED)
    seed = far_seeds(experiment, SEED, 1)[0]
    with FaultRunner(experiment, tmp_path / "logs", real_time=False) as runner:
        for name in POSE_FAULTS:
            run = runner.inject(name, seed)
            assert (name, run.unsafe, run.moved_after_stop) == (name, {}, 0)
            assert (name, run.problem()) == (name, "")


def test_a_plant_and_one_of_its_three_sensors(tmp_path):
    names = ["vector_silent@flow", "vector_short", "planner_names", "combination"]
    broken(tmp_path, process_body(tmp_path, trusting), str(setpoint_task(tmp_path)), names)


@pytest.mark.slow
def test_the_second_camera_and_the_force_of_an_arm(tmp_path):
    names = ["camera_frozen@side", "vector_nan@force"]
    broken(tmp_path, two_cameras_and_force(tmp_path, trusting), "reach", names, "random")
