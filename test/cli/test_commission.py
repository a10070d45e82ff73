# SPDX-License-Identifier: Apache-2.0
"""`ami-ros commission`: nothing moves unasked; what is shown counts, and what was done is not done again."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys

import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
from bodies import process_body, setpoint_task
from command import error_line
from quick_task import quick_task
from untrained import untrained_model

from ami_ros.cli.commission import _command
from ami_ros.commissioning.core.record import StepRecord, StepState
from ami_ros.commissioning.core.trials import GoalTrial
from ami_ros.evaluation.experiment import prepare

GOALS = 2
PANDA = ("commission", "--robot", "panda", "--task", "reach")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "no terminal to ask before the robot moves, expected one, or --yes"),
        (("--steps", "fast"), "got ['fast'], expected some of shadow, slow, faults"),
        (("--sim", "--operator"), "expected one of them"),
        (("--sim", "--set", "goals=0"), "goals: got 0, expected >= 1"),
        (
            ("--sim", "--goals", "20", "--set", "goals=5"),
            "got --goals 20 and --set goals=5, expected one of them",
        ),
        (("--sim", "--set", "speed=1"), "config/commission.yaml"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_starts(tmp_path, ami_ros_here, monkeypatch, given, says):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    done = ami_ros_here(*PANDA, "--out", tmp_path / "out", *given)
    assert says in error_line(done)
    assert not (tmp_path / "out").exists()


def test_the_command_of_the_report_goes_on_with_the_same_commissioning(tmp_path):
    model = untrained_model(tmp_path, "reach").rename(tmp_path / "a model.pt")
    (tmp_path / "model.pt.sha256").rename(tmp_path / "a model.pt.sha256")
    said = _command(prepare("panda", "reach", model), tmp_path / "my arm", 7, ["slow=0.2", "settle_s=1.0"])
    assert shlex.split(said)[1:] == [
        *PANDA,
        *("--model", str(model), "--goals", "7", "--out", str(tmp_path / "my arm")),
        *("--set", "slow=0.2", "--set", "settle_s=1.0"),
    ]


@pytest.mark.slow
def test_a_step_that_fails_ends_the_run_and_what_was_done_is_gone_on_with(tmp_path, ami_ros_here):
    """The shipped model through the real nodes: shadow, which cannot pass here, then goals at full speed."""
    pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
    out = tmp_path / "out"
    how = {"shadow_plans": 10, "least_agreement": 1.0, "slow": 1.0, "settle_s": 0.2, "goals": GOALS}
    changes = [part for name, value in how.items() for part in ("--set", f"{name}={value}")]
    command = (*PANDA, "--sim", "--out", out, "--logs", tmp_path / "logs", *changes)

    first = ami_ros_here(*command)
    assert first.returncode == 1, first.stderr
    assert "shadow: not passed: 10 plans agree" in first.stdout and "expected at least 1" in first.stdout
    kept = json.loads((out / "commission.json").read_text())
    assert list(kept["steps"]) == ["shadow"], "nothing moves by a model that has not shown what it must"
    figures = kept["steps"]["shadow"]["figures"]
    assert figures["agreement"] > 0.5 and figures["goals"] > GOALS
    page = (out / "report.html").read_text()
    assert "not passed: shadow" in page and f"--set goals={GOALS} --sim" in page

    # As a process leaves it that is killed between two goals.
    trial = GoalTrial(1, {"tip": 0.1}, {"tip": 0.01, "joint": 0.1}, 1.0, "said before", {"PASS": 1.0})
    begun = StepRecord(StepState.BEGUN, "before", kept["steps"]["shadow"]["settings"], goals=(trial,))
    kept["steps"]["slow"] = dataclasses.asdict(begun)
    (out / "commission.json").write_text(json.dumps(kept))
    second = ami_ros_here(*command, "--steps", "slow")
    assert second.returncode == 0, second.stderr
    assert "slow: shadow should be passed first" in second.stderr
    assert "slow: passed: 2 of 2 goals at 100 % of the speed" in second.stdout
    slow = json.loads((out / "commission.json").read_text())["steps"]["slow"]
    assert [it["said"] == "said before" for it in slow["goals"]] == [True, False]
    assert slow["when"] == "before" and slow["state"] == "passed"
    assert slow["goals"][1]["before"]["tip"] > slow["goals"][1]["after"]["tip"]
    assert slow["figures"]["unsafe"] == 0 and slow["figures"]["stops"] == 0

    third = ami_ros_here(*command, "--set", "goal_s=2.0", "--steps", "random")
    assert third.returncode == 0, third.stderr
    random = json.loads((out / "commission.json").read_text())["steps"]["random"]
    assert random["state"] == "passed" and random["figures"]["reached"] < GOALS == len(random["goals"])
    assert random["figures"]["speed"] == 1.0 and random["figures"]["unsafe"] == 0


def test_a_plant_is_led_by_a_share_of_its_ranges(tmp_path, ami_ros_here):
    """An untrained model through the real nodes: what it is worth is not asked here."""
    robot, task = process_body(tmp_path), quick_task(setpoint_task(tmp_path), tmp_path)
    model = untrained_model(tmp_path, str(task), robot=str(robot))
    out = tmp_path / "out"
    anything = {"least_agreement": -1.0, "least_gain": -2.0, "most_surprised": 1.0, "least_success": 0.0}
    how = {"shadow_plans": 40, "goals": 1, "goal_s": 2.0, "most_held": 1.0, **anything}
    changes = [part for name, value in how.items() for part in ("--set", f"{name}={value}")]
    names = ("--robot", robot, "--task", task, "--model", model, "--sim", "--out", out)
    done = ami_ros_here("commission", *names, "--logs", tmp_path / "logs", "--steps", "shadow,slow", *changes)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "1 goals at 10 % of the ranges" in done.stdout
    steps = json.loads((out / "commission.json").read_text())["steps"]
    assert steps["shadow"]["figures"]["plans"] == 40 and steps["shadow"]["figures"]["goals"] >= 1
    (trial,) = steps["slow"]["goals"]
    assert set(trial["after"]) == {
        "temperatures.boiler",
        "temperatures.outlet",
        "pressure.inlet",
        "flow.outflow",
    }
    assert steps["slow"]["figures"]["unsafe"] == 0 and steps["slow"]["figures"]["stops"] == 0
    assert "of the readings surprise the model" in (out / "report.html").read_text()
