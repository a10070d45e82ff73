# SPDX-License-Identifier: Apache-2.0
"""The command line as people meet it: help, version, and one red line instead of a traceback."""

from __future__ import annotations

import signal

import pytest
from command import error_line
from command_line import ami_ros_run

import ami_ros
from ami_ros.cli.main import VERBS, load_verb
from ami_ros.system import extras

FAULT = ("--via", "ros", "--fault", "camera_black")
HEAVY = ("torch", "rclpy", "pybullet", "pinocchio", "matplotlib", "numpy", "cv2")


def test_help_names_every_verb_and_teaches_with_examples():
    run = ami_ros_run("--help")
    assert run.returncode == 0
    assert [verb for verb in VERBS if verb not in run.stdout] == []
    assert "ami-ros demo" in run.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom ami_ros.cli.main import main\ntry: main()\n"
        f"finally: print('HEAVY', sorted(set({HEAVY}) & set(sys.modules)))"
    )
    assert "HEAVY []" in ami_ros_run("--help", code=code).stdout


def test_version():
    assert ami_ros_run("--version").stdout.split() == ["ami-ros", ami_ros.__version__]


@pytest.mark.parametrize(
    ("verb", "extra"), [("train", "train"), ("collect", "sim"), ("model", "sim"), ("model", "train")]
)
def test_verbs_tell_what_is_missing_before_any_work(verb, extra, ami_ros_here, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(extras.EXTRAS, extra, ("no_such_module",))
    assert f"no_such_module (extra '{extra}')" in error_line(ami_ros_here(verb))
    assert not list(tmp_path.iterdir())


def test_a_package_that_turns_out_to_be_missing_is_named_with_its_extra():
    code = "import sys\nfrom ami_ros.cli.main import main\nsys.modules['matplotlib'] = None\nmain()"
    run = ami_ros_run("memory", "show", "--episode", "1", code=code)
    assert run.returncode == 2
    assert "not installed: matplotlib (extra 'train')" in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, ami_ros_here):
    run = ami_ros_here(verb, "--help")
    assert run.returncode == 0, run.stderr
    assert "Usage" in run.stdout
    assert verb == "bench" or f"ami-ros {verb}" in run.stdout  # an example


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_loads(verb):
    assert load_verb(verb) is not None


def test_an_unknown_verb_is_refused():
    run = ami_ros_run("evalute")
    assert run.returncode == 2
    assert "evalute" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--task", "juggle"), ("juggle", "reach")),
        (("--planner", "magic"), ("magic", "cem", "mppi", "inverse_model")),
        (("--via", "telepathy"), ("telepathy", "direct", "ros")),
        (("--goal", "smell"), ("smell", "image", "joints")),
        (("--robot", "r2d2"), ("r2d2", "panda")),
        (
            ("--model", "nowhere/model.pt"),
            ("nowhere/model.pt", "no such model file", "ami-ros model --robot panda"),
        ),
        (("--episodes", "0"), ("0 episodes", "at least 1")),
        (("--workers", "0"), ("0 workers", "at least 1")),
        (("--workers", "2", "--via", "ros"), ("2 workers", "expected 1 on")),
        (("--task", "push", "--goal", "joints"), ("push", "--goal image")),
        (
            (*FAULT, "--memory", "on", "--failures", "x.png"),
            ("--memory and --failures", "expected --fault without them"),
        ),
        ((*FAULT, "--perturb", "all"), ("--fault: got --perturb all",)),
    ],
)
def test_bad_input_is_one_line_that_names_the_alternatives(arguments, expected, ami_ros_here):
    run = ami_ros_here("evaluate", *arguments)
    assert run.returncode == 2
    assert run.stderr.startswith("error: ")
    assert "Traceback" not in run.stderr
    assert [word for word in expected if word not in run.stderr] == []


def test_a_process_of_its_own_ends_with_the_same_line_and_code():
    run = ami_ros_run("evaluate", "--task", "juggle")
    assert run.returncode == 2
    assert run.stderr.startswith("error: ") and len(run.stderr.splitlines()) == 1


def test_ctrl_c_that_compiled_code_turned_into_an_error_is_told_as_no_error():
    code = (
        "import signal\nfrom contextlib import suppress\nimport ami_ros.cli.main as cli\n"
        "def verb(args):\n"
        "    with suppress(KeyboardInterrupt): signal.raise_signal(signal.SIGINT)\n"
        "    raise TypeError('Unable to convert function return value to a Python type!')\n"
        "cli.app = verb\ncli.main()"
    )
    run = ami_ros_run("demo", code=code)
    assert run.returncode == 128 + signal.SIGINT
    assert "error" not in run.stderr


@pytest.mark.parametrize("how", ["option", "variable"])
def test_debug_shows_the_traceback(how):
    option = ("--debug",) if how == "option" else ()
    environment = {} if how == "option" else {"AMI_ROS_DEBUG": "1"}
    run = ami_ros_run(*option, "evaluate", "--task", "juggle", **environment)
    assert run.returncode != 0
    assert "Traceback" in run.stderr


def test_a_truncated_model_is_refused_before_anything_starts(tmp_path):
    model = tmp_path / "model.pt"
    model.write_bytes(b"PK")
    run = ami_ros_run("demo", "--model", str(model), "--out", str(tmp_path / "demo"))
    assert run.returncode == 2
    assert "model.pt.sha256" in run.stderr
    assert not (tmp_path / "demo").exists()
