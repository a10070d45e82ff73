# SPDX-License-Identifier: Apache-2.0
"""`ami-ros explore`: Ctrl-C holds the robot and keeps what was covered; what was explored is never lost."""

from __future__ import annotations

import json
import signal

import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
from bodies.yaml_bodies import process_body, setpoint_task
from command import Running, error_line, run

STATE = "explored.json"
INTERRUPTED = 130


@pytest.fixture
def plant(tmp_path) -> list[str]:
    return ["--robot", str(process_body(tmp_path)), "--task", str(setpoint_task(tmp_path)), "--sim"]


def test_ctrl_c_says_what_was_covered_and_what_comes_next(plant, tmp_path):
    file = tmp_path / STATE
    with Running("explore", *plant, "--state", file, "--logs", tmp_path / "logs") as running:
        running.until(file.exists, "a state that is kept")
        running.process.send_signal(signal.SIGINT)
        done = running.end()
    assert done.returncode == INTERRUPTED and "Traceback" not in done.stderr
    first, then = done.stdout.splitlines()
    assert first.startswith("Covered ") and str(file) in first
    assert "ami-ros import" in then and f"--resume {file}" in then
    assert json.loads(file.read_text())["moved_s"] > 0.0
    refused = run("explore", *plant, "--state", file)
    assert f"was explored before; go on with --resume {file}" in error_line(refused)


def test_a_state_that_was_cut_off_is_refused_before_anything_starts(plant, tmp_path):
    file = tmp_path / STATE
    file.write_text('{"format": 1, "robot"')
    line = error_line(run("explore", *plant, "--resume", file))
    assert str(file) in line and "no exploration" in line
    assert file.read_text() == '{"format": 1, "robot"', "it is left as it was"
