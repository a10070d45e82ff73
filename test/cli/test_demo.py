# SPDX-License-Identifier: Apache-2.0
"""`ami-ros demo`: its report tells the command that shows the same again."""

from __future__ import annotations

import shlex

from untrained import untrained_model

from ami_ros.cli.demo import _command
from ami_ros.evaluation.experiment import prepare

GOALS, SEED = 3, 17


def test_the_command_of_the_report_runs_the_same_episodes(tmp_path):
    model = untrained_model(tmp_path, "reach")
    experiment = prepare("panda", "reach", model, "mppi", GOALS, SEED)
    usual = ["--robot", "panda", "--task", "reach", "--planner", "mppi", "--goal-via", "image"]
    said = shlex.split(_command(experiment, model, tmp_path / "a demo"))
    assert said == [
        *("ami-ros", "demo", "--goals", str(GOALS), "--seed", str(SEED), *usual),
        *("--model", str(model), "--out", str(tmp_path / "a demo")),
    ]
    assert "--model" not in _command(experiment, None, tmp_path)
