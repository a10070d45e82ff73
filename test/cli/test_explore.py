# SPDX-License-Identifier: Apache-2.0
"""`ami-ros explore`: Ctrl-C holds the robot and keeps what was covered; what was explored is never lost."""

from __future__ import annotations

import json
import shlex
import signal
import time

import pytest
import typer

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
from bodies.yaml_bodies import process_body, setpoint_task
from command import Running, error_line
from robots import panda_yaml

from ami_ros.cli.explore import _conclude, explore
from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError
from ami_ros.evaluation.exploration import Exploration

STATE = "explored.json"
INTERRUPTED = 130


@pytest.fixture
def plant(tmp_path) -> list[str]:
    return ["--robot", str(process_body(tmp_path)), "--task", str(setpoint_task(tmp_path)), "--sim"]


def test_ctrl_c_says_what_was_covered_and_what_comes_next(plant, tmp_path):
    file = tmp_path / STATE
    with Running("explore", *plant, "--state", file, "--logs", tmp_path / "logs") as running:
        running.until(file.exists, "a state that is kept")
        time.sleep(1.0)  # the node keeps it before the command hears of it
        running.process.send_signal(signal.SIGINT)
        done = running.end()
    assert done.returncode == INTERRUPTED and "Traceback" not in done.stderr
    first, then = done.stdout.splitlines()
    assert first.startswith("Covered ") and str(file) in first
    assert "ami-ros import" in then and f"--resume {file}" in then
    assert json.loads(file.read_text())["episodes"] == 1


@pytest.mark.parametrize(("kept", "says"), [(True, "is stored in"), (False, "Nothing is stored")])
def test_who_ends_before_the_explorer_told_hears_what_is_kept(tmp_path, capsys, kept, says):
    file = tmp_path / STATE
    if kept:
        file.write_text("{}")
    with pytest.raises(typer.Exit):
        _conclude(None, Exploration(Configuration.load("panda"), file))
    told = capsys.readouterr().out
    assert says in told and (f"--resume {file}" in told) == kept


def test_what_comes_next_is_what_a_shell_takes(tmp_path, capsys):
    robot, file = panda_yaml(tmp_path).rename(tmp_path / "my arm.yaml"), tmp_path / "my arm.json"
    file.write_text("{}")
    with pytest.raises(typer.Exit):
        _conclude(None, Exploration(Configuration.load(str(robot), "reach"), file))
    command = capsys.readouterr().out.partition("to continue: ")[2]
    wanted = ["--robot", str(robot), "--task", "reach", "--resume", str(file)]
    assert shlex.split(command) == ["ami-ros", "explore", *wanted]


def test_a_shell_without_a_domain_is_told_before_anything_starts(tmp_path, ami_ros_here):
    where = ("--state", tmp_path / STATE, "--logs", tmp_path / "logs")
    run = ami_ros_here("explore", "--robot", "panda", "--task", "reach", *where, ROS_DOMAIN_ID="abc")
    assert "ROS_DOMAIN_ID: got 'abc', expected 0 to 232" in error_line(run)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"state": STATE}, "holds an earlier exploration; continue it with --resume"),
        ({"resume": STATE}, "not an exploration"),
        ({"resume": STATE, "state": STATE}, "expected one of them"),
        ({"speed": 1.5}, "speed"),
    ],
)
def test_what_was_explored_is_never_lost_nor_taken_for_something_else(tmp_path, given, says):
    (tmp_path / STATE).write_text('{"format": 1, "robot"')
    places = {name: tmp_path / value if value == STATE else value for name, value in given.items()}
    with pytest.raises(ConfigError, match=says):
        explore(robot=str(process_body(tmp_path)), task=str(setpoint_task(tmp_path)), sim=True, **places)
    assert (tmp_path / STATE).read_text() == '{"format": 1, "robot"', "it is left as it was"
