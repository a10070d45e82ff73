# SPDX-License-Identifier: Apache-2.0
"""`ami-ros evaluate` of a robot that only another package knows."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

import pytest
from command import error_line
from foreign_package import installed

import ami_ros
from ami_ros.evaluation import offered as offering

MODULES = {
    "kiln_evaluation": """
import json

TASKS = {"firing": "how near the temperature stays", "cooling": "the same without a flame"}


def evaluate(task, episodes, seed, model, json_file):
    print("a table")
    given = {"task": task, "episodes": episodes, "seed": seed, "model": model and str(model)}
    json_file and json_file.write_text(json.dumps(given))
""",
    "kiln_nothing": "TASKS = {}\n",
}
KILN = {"ami_ros.evaluations": {"kiln": "kiln_evaluation"}}


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Installs a package that offers something, for one test."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    with ExitStack() as stack:
        yield lambda points=KILN, modules=MODULES, name="kilns": stack.enter_context(
            installed(tmp_path / name, name, modules, points)
        )


def test_the_package_measures_prints_and_writes(offer, ami_ros_here, tmp_path):
    offer()
    file = tmp_path / "figures.json"
    wanted = ["--task", "cooling", "--episodes", "3", "--seed", "5", "--model", "a.pt", "--json", file]
    run = ami_ros_here("evaluate", "--robot", "kiln", *wanted)
    assert (run.returncode, run.stdout, run.stderr) == (0, "a table\n", "")
    assert json.loads(file.read_text()) == {"task": "cooling", "episodes": 3, "seed": 5, "model": "a.pt"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ("got no task", "['firing', 'cooling']")),
        (("--task", "reach"), ("unknown task 'reach'", "['firing', 'cooling']")),
        (("--task", "firing", "--via", "ros"), ("got --via,", "only --task, --model, --episodes")),
        (("--task", "firing", "--no-baselines", "--set", "seed=2"), ("--no-baselines", "--set")),
        (("--task", "firing", "--map", "unseen", "--perturb-exactly"), ("--map and --perturb-exactly",)),
        (("--task", "firing", "--episodes", "0"), ("0 episodes", "at least 1")),
        (("--task", "firing", "--json", "/proc/none/x.json"), ("/proc/none/x.json", "cannot be written")),
    ],
)
def test_what_it_cannot_do_is_refused_before_the_work(offer, ami_ros_here, arguments, expected):
    offer()
    run = ami_ros_here("evaluate", "--robot", "kiln", *arguments)
    line = error_line(run)
    assert "a table" not in run.stdout
    assert [words for words in expected if words not in line] == []


def test_an_unknown_robot_is_told_of_both(offer, ami_ros_here):
    offer()
    line = error_line(ami_ros_here("evaluate", "--robot", "kilm"))
    assert "panda.yaml" in line and "with an evaluation of its own: ['kiln'" in line


def test_a_robot_of_ours_is_never_another_package_s(offer, ami_ros_here):
    offer({"ami_ros.evaluations": {"panda": "kiln_evaluation"}})
    line = error_line(ami_ros_here("evaluate", "--robot", "panda", "--task", "firing"))
    assert "unknown task 'firing'" in line and "reach" in line
    assert "kiln_evaluation" not in sys.modules


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("kiln_nothing", ("kilns 1.0 (kiln_nothing) has no evaluate", "TASKS and evaluate")),
        ("kiln_gone", ("cannot be imported", "No module named 'kiln_gone'")),
    ],
)
def test_a_package_that_cannot_be_used_is_named(offer, ami_ros_here, module, expected):
    offer({"ami_ros.evaluations": {"kiln": module}})
    line = error_line(ami_ros_here("evaluate", "--robot", "kiln", "--task", "firing"))
    assert [words for words in expected if words not in line] == []


def of_ours(offer, monkeypatch, folder, top):
    """Let ami_ros itself offer what lies below `top`, and a checkout be in a folder."""
    offer({"ami_ros.evaluations": {"kiln": f"{top}.kiln"}}, {}, ami_ros.__name__)
    monkeypatch.setattr(offering, "BESIDE_PACKAGE", folder)


def test_what_no_wheel_contains_runs_in_a_checkout(offer, ami_ros_here, tmp_path, monkeypatch):
    of_ours(offer, monkeypatch, tmp_path, "beside")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "kiln.py").write_text(MODULES["kiln_evaluation"])
    run = ami_ros_here("evaluate", "--robot", "kiln", "--task", "firing")
    assert (run.returncode, run.stdout, run.stderr) == (0, "a table\n", "")


def test_a_wheel_says_that_it_runs_in_a_checkout(offer, ami_ros_here, tmp_path, monkeypatch):
    of_ours(offer, monkeypatch, tmp_path, "left_out")
    line = error_line(ami_ros_here("evaluate", "--robot", "kiln", "--task", "firing"))
    assert "an installed ami_ros without left_out, expected a checkout" in line
