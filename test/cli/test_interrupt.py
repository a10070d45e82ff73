# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in any verb: exit code 130 and at most a word of why, whatever the verb was about to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_line import ami_ros_run

INTERRUPTED = 130  # as shells say it for Ctrl-C
SAID = {"", "stopped by SIGINT"}

# The signal comes at an import in the middle of the verb: a real one, and always at the same place.
AT_IMPORT = """
import importlib.abc, os, signal, sys
class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from ami_ros.cli.main import main
main()
"""


@pytest.mark.quick("collect-", "doctor-")
@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (("demo",), "ami_ros.planning.settings"),
        (("explore",), "ami_ros.exploration.planner"),
        (("collect",), "ami_ros.sim.tasks.collect_settings"),
        (("train", "--data", "."), "ami_ros.episodes.episode"),
        (("export", "x.pt", "--out", "y.pt"), "ami_ros.episodes.episode"),
        (("inspect", "x.pt"), "ami_ros.model.files"),
        (("model",), "ami_ros.cli.train"),
        (("evaluate",), "ami_ros.planning.settings"),
        (("bench", "camera"), "ami_ros.bench.camera"),
        (("bench", "planner"), "ami_ros.planning.settings"),
        (("bench", "faults"), "ami_ros.planning.settings"),
        (("bench", "gate"), "ami_ros.bench.gate"),
        (("doctor",), "ami_ros.doctor.checks"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_verb_ends_without_a_traceback(arguments, module):
    run = ami_ros_run(*arguments, code=AT_IMPORT.format(module=module))
    assert run.returncode == INTERRUPTED and run.stderr.strip() in SAID


# As a terminal does: to every process at once, while they work.
AMONG_WORKERS = """
import os, signal
from ami_ros.evaluation.spread_episodes import SpreadRunner
plain = SpreadRunner.episodes
def episodes(self, *arguments):
    for result in plain(self, *arguments):
        yield result
        os.killpg(0, signal.SIGINT)
SpreadRunner.episodes = episodes
from ami_ros.cli.main import main
if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_workers_leave_the_interrupt_to_the_verb(tmp_path):
    script = tmp_path / "interrupted.py"  # workers import it
    script.write_text(AMONG_WORKERS)
    arguments = ["evaluate", "--workers", "2", "--episodes", "50", "--no-baselines"]
    arguments += ["--set", "num_samples=8", "--set", "solvers.cem.num_elites=2", "--set", "num_iterations=1"]
    run = subprocess.run(
        [sys.executable, script, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,
    )
    assert run.returncode == INTERRUPTED, run.stderr
    assert "Traceback" not in run.stderr
    assert "1 episodes, judged by" in run.stdout and "50 were requested" in " ".join(run.stdout.split())
