# SPDX-License-Identifier: Apache-2.0
"""The figures of an experiment as one JSON object, and as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.table import Table

from ami_ros.errors import ConfigError, shown
from ami_ros.experiment.experiment import Experiment
from ami_ros.report.machine import hardware, versions
from ami_ros.report.statistics import episode_figures, success_figures, summarise
from ami_ros.strict_text import parse_json
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
    """Return everything that was measured, and with what."""
    return {
        "task": experiment.task,
        "via": via,
        "seed": experiment.seeds[0],
        **summarise(results, step_s(experiment)),
        "baselines": {name: success_figures(summary) for name, summary in baselines.items()},
        "baseline_figures": {name: dict(summary) for name, summary in baselines.items()},
        "robot": experiment.spec.name,
        "planner": experiment.planner.solver,
        "goal": "joints" if experiment.by_joints else "image",
        "model": str(experiment.model),
        "model_sha256": experiment.sha256,
        "hardware": hardware(),
        "versions": versions(),
        "per_episode": [episode_figures(result) for result in results],
        **more,
    }


def write_json(path: Path | None, values: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all; nothing without a path. Raises OutputError: it cannot be."""
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
        raise ConfigError(f"{path}: not readable figures ({error}); delete it to measure again") from error
    return values


def comparison(name: str, summary: Mapping[str, Any], baselines: Summaries) -> Table:
    """Return a table of the planner's figures above those of its baselines."""
    judged = "distance" if "success" not in summary else "difference, in tolerances,"
    title = f"{summary['episodes']} episodes, judged by the true {judged} at the end"
    table = Table(title=title, box=SIMPLE, pad_edge=False)  # without lines it fits 80 columns
    table.add_column("planner", overflow="fold")
    measured = success_figures(summary)
    for key in measured:
        within = key.replace("success_", "<= ").replace("cm", " cm").replace("success", "<= 1")
        table.add_column(f"{within} (95 %)", justify="right", min_width=len("(90-100)"))
    in_cm = "success" not in measured
    for column in ("final cm", "s to 5 cm", "plan ms") if in_cm else ("final", "s to 1", "plan ms"):
        table.add_column(column, justify="right")
    for planner, row in {name: summary, **baselines}.items():
        table.add_row(*_row(planner, row), style="bold" if row is summary else "dim")
    return table


def _row(planner: str, row: Mapping[str, Any]) -> list[str]:
    cells = [planner]
    for key in success_figures(row):
        lower, upper = (round(bound * 100) for bound in row[f"{key}_ci"])
        cells.append(f"{round(row[key] * 100, 1):g} % ({lower}-{upper})")
    in_cm = "success" not in row
    numbers = ("seconds_to_5cm_median" if in_cm else "seconds_to_success_median", "plan_ms_p50")
    cells.append(f"{row['final_error_mean'] * (100 if in_cm else 1):.1f}")
    return cells + ["-" if row[name] is None else f"{row[name]:.1f}" for name in numbers]
