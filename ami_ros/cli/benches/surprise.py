# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench surprise`: is a broken camera noticed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.types import FloatArray


def surprise(
    fault: Annotated[
        list[str], typer.Option(help="Measure only this fault; may be repeated. Default: all.")
    ] = [],  # noqa: B006, typer wants a list
    episodes: options.Episodes = 50,
    seed: options.Seed = 7001,
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    json_file: options.Json = None,
) -> None:
    """Break the camera, or show it what it never saw, and tell by surprise alone that something is wrong.

    Each episode runs as it is, and once with each fault from half a second on. The ROC AUC is the chance that
    surprise is larger with the fault than without, in the two seconds after it began.

    Example: ami-ros bench surprise --robot panda --task reach --json surprise.json
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.evaluation.surprise_episodes import SurpriseRunner, breakable, told_apart
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    experiment = prepare(robot, task, model, episodes=episodes, seed=seed)
    require("sim")
    faults = breakable(experiment, fault)
    check_writable(json_file)
    found: dict[str, list[FloatArray]] = {}
    runner = SurpriseRunner(experiment, faults)
    with progress_bar("surprise", len(runner)) as bar:
        for name, seen in runner.episodes():
            found.setdefault(name, []).append(seen)
            bar.update(1, name)
    runner.close()
    told = told_apart(found)
    about = {"robot": experiment.spec.name, "task": experiment.task, "seed": seed, "episodes": episodes}
    about |= {"model_sha256": experiment.sha256, "hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, {"by_fault": told, **about})
    finally:
        _print(told, episodes)


def _print(told: dict[str, dict[str, Any]], episodes: int) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    title = f"surprise in the two seconds after the fault, {episodes} episodes of each"
    table = Table("", "AUC, steps", "AUC, episodes", "steps that surprise", title=title)
    for name, row in told.items():
        aucs = (f"{row[key]:.3f}" if key in row else "" for key in ("auc", "auc_episodes"))
        table.add_row(name, *aucs, f"{100 * row['surprised']:.0f} %")
    Console().print(table)
