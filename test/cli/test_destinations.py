# SPDX-License-Identifier: Apache-2.0
"""Every verb looks whether it can write where it shall, before it works for long; and says so in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import error_line, run
from untrained import untrained_model

from ami_ros.settings.share import shipped_model

pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)

# By verb: what it would do for minutes. MODEL is an untrained one, BAD a file below a file.
COMMANDS = [
    "evaluate --model MODEL --json BAD",
    "evaluate --model MODEL --failures BAD",
    "evaluate --model MODEL --via ros --logs BAD",
    "evaluate --model MODEL --via ros --fault estop --json BAD",
    "bench camera --json BAD",
    "bench planner --model MODEL --json BAD",
    "bench faults --model MODEL --json BAD",
    "bench faults --model MODEL --logs BAD",
    "bench gate --model MODEL --json BAD",
    "doctor --json BAD",
    "inspect MODEL --json BAD",
    "demo --model MODEL --out BAD",
    "collect --out BAD",
    "explore --sim --state BAD",
    "commission --sim --model MODEL --out BAD",
    "augment --out BAD",
    "train --out BAD",
    "export checkpoint.pt --out BAD",
    "model --out BAD --work WORK",
    "model --work BAD",
]
THROUGH_ROS = ("ros", "explore", "commission", "bench camera", "bench faults", "bench gate", "demo")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return untrained_model(tmp_path_factory.mktemp("model"), "reach")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_destination_is_refused_before_the_work(model, tmp_path, command, ami_ros_here, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if any(part in command for part in THROUGH_ROS):
        pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
    (tmp_path / "file").write_text("a file")
    places = {"MODEL": model, "BAD": tmp_path / "file" / "bad", "WORK": tmp_path / "work"}
    done = ami_ros_here(*(places.get(word, word) for word in command.split()))
    line = error_line(done)
    assert str(tmp_path / "file") in line and "cannot be written" in line
    assert done.stdout == ""
    assert (tmp_path / "file").read_text() == "a file"
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".partial", ".tmp")]


def full(folder: Path) -> Path:
    """Return a file that takes nothing, as on a full disk."""
    (folder / "full").symlink_to("/dev/full")
    return folder / "full"


def test_what_was_measured_is_shown_though_the_disk_is_full(model, tmp_path):
    few = ("--episodes", 1, "--no-baselines", "--planner", "hold")
    done = run("evaluate", "--model", model, *few, "--json", full(tmp_path))
    assert "No space left" in error_line(done)
    assert "1 episodes, judged by the true distance" in done.stdout


def test_what_the_bench_measured_is_shown_though_the_disk_is_full(model, tmp_path):
    few = ("--no-compare", "--plans", 2, "--budget", "8x2x1")
    done = run("bench", "planner", "--model", model, *few, "--json", full(tmp_path))
    assert "No space left" in error_line(done)
    assert "8x2x1" in done.stdout


def test_what_inspect_found_is_shown_though_the_disk_is_full(tmp_path):
    done = run("inspect", shipped_model("panda", "reach"), "--json", full(tmp_path))
    assert "No space left" in error_line(done)
    assert "effective rank" in done.stdout
