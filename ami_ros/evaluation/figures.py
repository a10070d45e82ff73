# SPDX-License-Identifier: Apache-2.0
"""The figures of an experiment as one JSON object, and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.table import Table

from ami_ros.errors import AmiError, ConfigError, shown
from ami_ros.evaluation.experiment import Experiment
from ami_ros.report.machine import hardware, versions
from ami_ros.report.statistics import episode_figures, success_figures, summarise
from ami_ros.settings.strict_text import parse_json
from ami_ros.sim.tasks.yardstick import METRES, Yardstick
from ami_ros.system.terminal import Console
from ami_ros.system.whole_file import write_whole

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

Summaries = Mapping[str, Mapping[str, Any]]  # planner -> what `summarise` returns


def step_s(experiment: Experiment) -> float:
    """Return the duration of a control step."""
    return experiment.spec.step_ns / 1e9


def figures(
    experiment: Experiment, via: str, results: Sequence[EpisodeResult], baselines: Summaries, **more: Any
) -> dict[str, Any]:
    """Return all measurements, and the setup they were made with."""
    return {
        "task": experiment.task,
        "via": via,
        "seed": experiment.seeds[0],
        **summarise(results, step_s(experiment)),
        "baselines": {name: success_figures(summary) for name, summary in baselines.items()},
        "baseline_figures": {name: dict(summary) for name, summary in baselines.items()},
        "robot": experiment.spec.name,
        "planner": experiment.planner.solver,
        "goal": experiment.goal,
        "model": str(experiment.model),
        "model_sha256": experiment.sha256,
        "hardware": hardware(),
        "versions": versions(),
        "per_episode": [episode_figures(result) for result in results],
        **more,
    }


def write_json(path: Path | None, values: Mapping[str, Any]) -> None:
    """Write a JSON file atomically; nothing without a path. Raises OutputError: it cannot be written."""
    if path is not None:
        write_whole(path, json.dumps(values, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote; empty if there is no such file.

    Raises:
        ConfigError: unreadable, or no JSON object.
    """
    if not path.exists():
        return {}
    try:
        values = parse_json(path.read_bytes())
        if not isinstance(values, dict):
            raise ValueError(f"got {shown(values)}, expected a mapping")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no readable figures ({error}); delete it to measure again") from error
    return values


def comparison(
    name: str, summary: Mapping[str, Any], baselines: Summaries, yardstick: Yardstick = METRES
) -> Table:
    """Return a table of the planner's figures above those of its baselines, by the task's yardstick."""
    title = f"{summary['episodes']} episodes, judged by the true {yardstick.quantity} at the end"
    table = Table(title=title, box=SIMPLE, pad_edge=False)  # without lines it fits 80 columns
    table.add_column("planner", overflow="fold")
    for limit in yardstick.thresholds:
        table.add_column(f"<= {limit.text} (95 %)", justify="right", min_width=len("(90-100)"))
    for column in (f"final {yardstick.unit}", f"s to {yardstick.loosest.text}", "plan ms"):
        table.add_column(column, justify="right")
    for planner, row in {name: summary, **baselines}.items():
        table.add_row(*_row(planner, row, yardstick), style="bold" if row is summary else "dim")
    return table


def _row(planner: str, row: Mapping[str, Any], yardstick: Yardstick) -> list[str]:
    cells = [planner]
    for key in (limit.figure("success") for limit in yardstick.thresholds):
        lower, upper = (round(bound * 100) for bound in row[f"{key}_ci"])
        cells.append(f"{round(row[key] * 100, 1):g} % ({lower}-{upper})")
    cells.append(f"{row['final_error_mean'] * yardstick.per_error:.1f}")
    numbers = (f"seconds_to_{yardstick.near}_median", "plan_ms_p50")
    return cells + ["-" if row[name] is None else f"{row[name]:.1f}" for name in numbers]


@contextmanager
def told_if_stopped(experiment: Experiment, via: str, results: Sequence[EpisodeResult]) -> Iterator[None]:
    """Print the planner's results so far if Ctrl-C, SIGTERM or an error ends the block."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, AmiError):
        if results:
            name = f"{experiment.planner.solver} ({via}), stopped: {len(experiment.seeds)} were requested"
            summary = summarise(results, step_s(experiment))
            Console().print(comparison(name, summary, {}, results[0].yardstick))
        raise
