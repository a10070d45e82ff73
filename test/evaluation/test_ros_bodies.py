# SPDX-License-Identifier: Apache-2.0
"""Episodes and the demo over real DDS, for bodies that are more or less than an arm with a camera."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from bodies import mobile_base, process_body, setpoint_task, two_cameras_and_force
from command import run
from std_msgs.msg import String
from std_srvs.srv import SetBool
from untrained import that_moves, untrained_model

from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment, prepare
from ami_ros.evaluation.ros_episodes import RosRunner
from ami_ros.sim.tasks.yardstick import TOLERANCES

SEED, STEPS = 31, 8


def short(values) -> None:
    values["episode_steps"] = STEPS


def wanted(folder: Path, robot: Path, task: str) -> Experiment:
    plain = prepare(str(robot), task, untrained_model(folder, task, robot), None, 2, SEED)
    return that_moves(plain)


@pytest.mark.slow
def test_two_cameras_move_the_robot_as_they_do_without_ros_to_the_last_bit(tmp_path):
    """The planner has to take the goals of both cameras as one."""
    experiment = wanted(tmp_path, two_cameras_and_force(tmp_path), "reach")
    experiment = dataclasses.replace(experiment, seeds=(SEED,))
    with RosRunner(experiment, tmp_path / "logs", real_time=False) as runner:
        (through_ros,) = runner.episodes()
    assert runner.faults == {"unsafe_commands": 0, "timeouts": 0}
    (direct,) = DirectRunner(experiment).episodes()
    assert np.ptp(direct.joints, axis=0).max() > 1e-3, "it moves"
    for name in ("joints", "poses", "error", "goal_image"):
        np.testing.assert_array_equal(getattr(through_ros, name), getattr(direct, name))


def in_odometry(values) -> None:
    short(values)
    values.update(goal_sensor="odometry", tolerance=[0.05] * 6, minimum_travel=4.0)


@pytest.mark.slow
def test_a_base_goes_through_its_episodes(tmp_path):
    experiment = wanted(tmp_path, mobile_base(tmp_path), str(setpoint_task(tmp_path, in_odometry)))
    assert experiment.goal == "odometry"
    with RosRunner(experiment, tmp_path / "logs", real_time=False) as runner:
        results = list(runner.episodes())
    assert runner.faults == {"unsafe_commands": 0, "timeouts": 0}
    for seed, result in enumerate(results, start=SEED):
        assert (result.seed, len(result.error), len(result.plan_ms)) == (seed, STEPS + 1, STEPS)
        assert result.moments["odometry"].shape == (STEPS + 1, 6)
        assert result.yardstick is TOLERANCES
        assert result.goal_image is None and result.final_image is None


def test_a_stop_ends_with_its_episode(tmp_path):
    """An evaluation is its own operator: else one stop would fail every episode after it."""

    def longer(values) -> None:
        in_odometry(values)
        values["episode_steps"] = 5 * STEPS

    experiment = wanted(tmp_path, mobile_base(tmp_path), str(setpoint_task(tmp_path, longer)))
    with RosRunner(experiment, tmp_path / "logs", real_time=False) as runner:
        client, seen = runner._client, []

        def press(message: String) -> None:
            seen.append(message)
            if len(seen) == STEPS:
                client._estop.call_async(SetBool.Request(data=True))

        client._node.create_subscription(String, "sim/truth", press, 10)
        assert len(list(runner.episodes())) == 2
    first, second = runner.gate
    assert (first.stops, second.stops) == (1, 0)
    assert first.clean_steps < 5 * STEPS == second.clean_steps


def test_the_demo_of_a_plant_has_a_table_a_page_and_says_why_there_is_no_video(tmp_path):
    """Its sensors' messages have no stamp: a goal is named by when it came."""

    def as_it_is(values) -> None:
        short(values)
        values["planner"] = {"judged": False}  # no success is promised of a plant

    robot, task = process_body(tmp_path), setpoint_task(tmp_path, as_it_is)
    names = ("--robot", robot, "--task", task, "--model", untrained_model(tmp_path, task, robot))
    done = run("demo", *names, "--goals", 2, "--no-baselines", "--out", tmp_path / "demo")
    assert done.returncode == 1, done.stderr  # who knows nothing reaches nothing
    assert "goals by temperatures" in done.stdout
    assert "of 2 goals within tolerance" in done.stdout
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "No video: this body has no camera" in page and "<video" not in page
    figures = json.loads((tmp_path / "demo" / "results.json").read_text())
    assert (figures["goal"], figures["faults"]) == ("temperatures", {"unsafe_commands": 0, "timeouts": 0})
    assert {"success", "success_ci", "steps_to_success_median"} <= set(figures)
    assert [set(episode) >= {"reached", "steps_to_success"} for episode in figures["per_episode"]] == [
        True
    ] * 2
