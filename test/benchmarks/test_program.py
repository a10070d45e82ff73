# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks`, as a shell starts it: it explains itself, and a mistake costs one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from child_environment import child_environment
from typer.testing import CliRunner
from untrained import untrained_model

from benchmarks.__main__ import app

ROOT = Path(__file__).resolve().parents[2]
VERBS = ("curve", "four-room", "judging", "kills", "real")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=ROOT,
        env=child_environment(NO_COLOR="1", COLUMNS="120", TERM="dumb", AMI_ROS_DEBUG="0"),
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_help_names_each_verb():
    said = run("--help").stdout
    assert [verb for verb in VERBS if f" {verb} " not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["four-room", "judging", "kills"])
def test_a_bad_destination_is_refused_before_the_work(tmp_path, verb):
    pytest.importorskip("pybullet", reason="needs pybullet")
    (tmp_path / "file").write_text("a file")
    done = run(verb, "--json", tmp_path / "file" / "bad")
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and str(tmp_path / "file") in line and "cannot be written" in line
    assert (tmp_path / "file").read_text() == "a file"


@pytest.mark.slow
def test_the_curve_command_measures_draws_and_marks_the_knee(tmp_path):
    pytest.importorskip("pybullet", reason="needs pybullet")
    out, picture = tmp_path / "curve.json", tmp_path / "curve.png"
    command = ["curve", "--model", str(untrained_model(tmp_path, "reach")), "--no-public", "--episodes", "1"]
    files = ["--budget", "8x2x1", "--json", str(out), "--plot", str(picture)]
    result = CliRunner().invoke(app, [*command, *files])
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text())
    families = [point["family"] for point in figures["points"]]
    assert families == ["inverse_model", "mppi", "cem", "cem_without_inverse_model"]
    assert figures["knee"] in figures["points"]
    assert figures["at_equal_time"] == []
    assert picture.read_bytes().startswith(b"\x89PNG")
