# SPDX-License-Identifier: Apache-2.0
"""The planners that do not search, on the same episodes: what the search has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ami_ros.cli.direct_episodes import DirectRunner
from ami_ros.cli.experiment import Experiment
from ami_ros.cli.figures import step_s
from ami_ros.report.statistics import summarise

BASELINES = ("random", "hold", "inverse_model")


def baseline_names(experiment: Experiment) -> tuple[str, ...]:
    """Return the baselines that can pursue the experiment's kind of goal."""
    return tuple(name for name in BASELINES if not (experiment.by_joints and name == "inverse_model"))


def run_baselines(
    experiment: Experiment, runner: DirectRunner, on_episode: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Return the figures of each baseline, in process; `on_episode` is told the name after each episode."""
    summaries = {}
    for name in baseline_names(experiment):
        results = []
        for result in runner.episodes(name):
            results.append(result)
            on_episode(name)
        summaries[name] = summarise(results, step_s(experiment))
    return summaries
