# SPDX-License-Identifier: Apache-2.0
"""The same episodes under every kind of camera variation, next to the clean ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ami_ros.evaluation.experiment import Experiment, Runner
from ami_ros.evaluation.figures import step_s
from ami_ros.report.statistics import summarise
from ami_ros.sim.camera.perturbation import Perturbation, every_perturbation
from ami_ros.sim.tasks.yardstick import METRES, Yardstick

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

EVERY = "all"


def chosen(name: str | None, scale: float, exactly: bool = False) -> Perturbation:
    """Return the perturbation of the main figures; none if every kind is compared with them.

    Raises:
        ConfigError: an unknown name or scale.
    """
    return Perturbation("" if name in (None, EVERY) else str(name), scale, exactly)


def run_perturbations(
    experiment: Experiment,
    runner: Runner | None,
    logs: Path | None,
    on_episode: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """Return the figures under each kind of variation.

    Args:
        experiment: its episodes are repeated, at the scale of its perturbation.
        runner: runs them, if there are no `logs`.
        logs: folder for the logs of ROS nodes, which restart for each kind.
        on_episode: receives the name after each episode.
    """
    summaries = {}
    wanted = experiment.perturbation
    for perturbation in every_perturbation(wanted.scale, wanted.exactly):
        results = []
        for result in _episodes(experiment, runner, logs, perturbation):
            results.append(result)
            on_episode(perturbation.name)
        summaries[perturbation.name] = summarise(results, step_s(experiment))
    return summaries


def _episodes(
    experiment: Experiment, runner: Runner | None, logs: Path | None, perturbation: Perturbation
) -> Iterator[EpisodeResult]:
    if logs is not None:
        from ami_ros.evaluation.ros_episodes import RosRunner

        perturbed = dataclasses.replace(experiment, perturbation=perturbation)
        with RosRunner(perturbed, logs / perturbation.name, real_time=False) as nodes:
            yield from nodes.episodes()
    elif runner is not None:
        yield from runner.episodes(perturbation=perturbation)


def perturbation_table(
    clean: Mapping[str, Any],
    perturbed: Mapping[str, Mapping[str, Any]],
    scale: float,
    exactly: bool = False,
    yardstick: Yardstick = METRES,
) -> Table:
    """Return success under each kind, its gain over the clean one (points, in brackets), and the surprise.

    An episode counts as surprised when most of its steps are.
    """
    rates = [limit.figure("success") for limit in yardstick.thresholds]
    far = "exactly" if exactly else "at scale"
    table = Table(title=f"camera variation {far} {scale:g} (1: as in training)")
    table.add_column("varied")
    for limit in yardstick.thresholds:
        table.add_column(f"<= {limit.text}", justify="right")
    table.add_column("surprised", justify="right")
    for name, row in {"nothing": clean, **perturbed}.items():
        cells = [name]
        for rate in rates:
            change = "" if row is clean else f" ({(row[rate] - clean[rate]) * 100:+.1f})"
            cells.append(f"{round(row[rate] * 100, 1):g} %{change}")
        surprised = row["surprised_share"]
        most = row["surprised_episodes"]
        cells.append("-" if surprised is None else f"{surprised:.0%} of steps, {most:.0%} of episodes")
        table.add_row(*cells, style="bold" if row is clean else "")
    return table
