# SPDX-License-Identifier: Apache-2.0
"""Rows of the benchmarks of hands: their options, and how a row is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ami_ros.evaluation.experiment import Experiment
    from ami_ros.sim.loop.closed_loop import EpisodeResult

Hand = Annotated[str, typer.Option(help="A robot with a hand.")]
Script = Annotated[bool, typer.Option("--script", help="Not the model, but the script that reads the truth.")]


def row_of(title: str, results: Sequence[EpisodeResult], experiment: Experiment, of: str) -> dict[str, Any]:
    """Print a row's success with its interval, and return its figures.

    Args:
        title: task and row.
        results: at least one.
        experiment: that they are from.
        of: which episodes they are.
    """
    from ami_ros.report.statistics import summarise
    from ami_ros.system.terminal import say

    found = summarise(results, experiment.spec.step_ns / 1e9)
    low, high = found["success_ci"]
    say(f"{title}: {found['success']:.2f} ({low:.2f} to {high:.2f}); {of}")
    return found
