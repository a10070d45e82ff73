# SPDX-License-Identifier: Apache-2.0
"""The recipe with stand-ins for its commands: what fails leaves no process, and what is done is not done again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import runs

RECIPE = Path(__file__).with_name("recipe.sh")
ROBOT = """#!/usr/bin/env bash
echo $$ >> "$STANDINS/robots"
exec sleep 100
"""
PERSON = """#!/usr/bin/env bash
while [ ! -e "$STANDINS/records" ]; do sleep 0.05; done
echo "show $*" >> "$STANDINS/shown"
"""
COMMAND = f"""#!{sys.executable}
import os, signal, sys, time
from pathlib import Path
here = Path(os.environ["STANDINS"])
with (here / "done").open("a") as done:
    done.write(sys.argv[1] + "\\n")
if sys.argv[1] == "record":  # the shell has it ignore SIGINT; our node listens all the same
    signal.signal(signal.SIGINT, lambda *_: ((here / "records").unlink(), sys.exit(0)))
    (here / "records").touch()
    time.sleep(100.0)
while sys.argv[1] == "explore" and not (here / "records").exists():
    time.sleep(0.05)
if sys.argv[1] == "commission":
    sys.exit(int((here / "fails").read_text()))
"""


@pytest.fixture
def recipe(tmp_path):
    """Runs it; returns its exit code and the verbs that it called."""
    standins = tmp_path / "standins"
    standins.mkdir()
    for name, text in (("sim_node", ROBOT), ("ami-ros", COMMAND), ("python", PERSON)):
        (standins / name).write_text(text)
        (standins / name).chmod(0o755)

    def run(fails: int, **changes: str) -> tuple[int, list[str]]:
        (standins / "fails").write_text(str(fails))
        (standins / "done").write_text("")
        environment = os.environ | {
            "PATH": f"{standins}:{os.environ['PATH']}",
            "STANDINS": str(standins),
            **changes,
        }
        command = ["bash", str(RECIPE), "ur5", str(tmp_path / "out")]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=60.0)
        robots = list(map(int, (standins / "robots").read_text().split()))
        deadline = time.monotonic() + 10.0
        while any(map(runs, robots)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(runs, robots)), "a robot is left"
        return done.returncode, (standins / "done").read_text().split()

    return run


@pytest.mark.slow
def test_a_stage_that_fails_ends_it_with_the_robot_and_the_same_command_goes_on_there(recipe):
    code, done = recipe(fails=1)
    assert code == 1 and sorted(done) == sorted(
        ["record", "explore", "import", "augment", "train", "commission"]
    )
    assert recipe(fails=0) == (0, ["commission", "evaluate"])
    assert recipe(fails=0) == (0, [])


@pytest.mark.slow
def test_a_task_of_a_hand_is_shown_before_the_robot_explores_and_nobody_commissions_its_model(
    recipe, tmp_path
):
    code, done = recipe(fails=0, TASK="pick", SHOWN="3")
    assert code == 0
    assert sorted(done) == ["augment", "evaluate", "explore", "import", "record", "record", "train"]
    (shown,) = (tmp_path / "standins" / "shown").read_text().splitlines()
    assert shown.endswith(f"demonstrator.py ur5 pick 3 --logs {tmp_path / 'out' / 'logs'}")
