# SPDX-License-Identifier: Apache-2.0
"""Baselines for the same episodes: those that do not search, and the oracle, which reads the true state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ami_ros.evaluation.experiment import ORACLE, Experiment, Runner
from ami_ros.evaluation.figures import step_s
from ami_ros.report.statistics import summarise

BASELINES = ("random", "hold", "inverse_model")


def baseline_names(experiment: Experiment) -> tuple[str, ...]:
    """Return the baselines that can pursue the experiment's kind of goal, and the task's oracle if any.

    With a memory from before, one of them repeats what was done then.
    """
    task = experiment.load_task()
    seen = not experiment.by_joints and not task.goal_sensor  # the inverse model needs a goal image
    names = [name for name in BASELINES if seen or name != "inverse_model"]
    has_oracle = task.oracle(task.episode(experiment.seeds[0])) is not None
    retrieval = ["retrieval"] if experiment.memory_before is not None and seen else []
    return (*names, *retrieval, *([ORACLE] if has_oracle else []))


def run_baselines(
    experiment: Experiment, runner: Runner, on_episode: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Return the figures of each baseline, without ROS; `on_episode` receives the name after each episode."""
    summaries = {}
    for name in baseline_names(experiment):
        results = []
        for result in runner.episodes(name):
            results.append(result)
            on_episode(name)
        summaries[name] = summarise(results, step_s(experiment))
    return summaries
