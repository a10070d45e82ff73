# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench names`: are remembered views reached by name, by other processes and another model?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ami_ros.cli import options


def names(
    views: Annotated[int, typer.Option(help="Views to remember and to reach again.", min=1)] = 10,
    seed: options.Seed = 7001,
    model: options.Model = None,
    retrained: Annotated[
        Path | None,
        typer.Option(help="Another model.pt to reach them with: the memory is re-indexed for it."),
    ] = None,
    robot: options.Robot = None,
    task: options.Task = None,
    json_file: options.Json = None,
    logs: options.Logs = None,
) -> None:
    """Remember views by name, start every process again, and reach them by name from elsewhere.

    A view is the picture at which the planner arrives at an episode's goal. The second planner receives
    names only; its true distance from the goal at the end of the episode counts.

    Example: ami-ros bench names --retrained runs/panda_reach/model.pt --json names.json
    """
    import dataclasses

    from rich.table import Table

    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import step_s, write_json
    from ami_ros.evaluation.named_episodes import NamedRunner
    from ami_ros.evaluation.reindex import reindex
    from ami_ros.memory.store import Store
    from ami_ros.model.runtime import load_model
    from ami_ros.report.machine import hardware, versions
    from ami_ros.report.statistics import summarise
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    experiment = prepare(robot, task, model, episodes=views, seed=seed)
    again = prepare(robot, task, retrained or model, episodes=views, seed=seed)
    require("sim", "ros")
    check_writable(json_file)
    folder = logs or Path(tempfile.mkdtemp(prefix="ami_ros_"))
    results = []
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept, "memory.sqlite")
        with (
            progress_bar("remember", views) as bar,
            NamedRunner(dataclasses.replace(experiment, memory=file), folder, False) as runner,
        ):
            for result in runner.episodes():
                bar.update(1, f"view {result.seed}")
        world = load_model(again.model, again.spec, task=again.configuration.task_name)
        with Store(file) as store:
            given, missing = list(store.names()), store.ids(without=world.sha256)
            with progress_bar("reindex", len(missing)) as bar:
                for count in reindex(store, missing, world):
                    bar.update(count)
        known = dataclasses.replace(
            again, seeds=tuple(s for s in again.seeds if f"view {s}" in given), memory=file
        )
        with progress_bar("reach", len(known.seeds)) as bar, NamedRunner(known, folder, True) as runner:
            for result in runner.episodes():
                results.append(result)
                bar.update(1, f"view {result.seed}")
    yardstick = experiment.load_task().yardstick
    limit = yardstick.loosest
    reached = sum(bool(result.error[-1] <= limit.error) for result in results)
    table = Table("view", "off by", "arrived")
    for result in results:
        off = yardstick.text(float(result.error[-1]))
        table.add_row(f"{result.seed}", off, "yes" if result.arrived_step is not None else "no")
    figures = {
        "views": views,
        "named": len(given),
        "reached": reached,
        "reindexed": len(missing),
        "model_sha256": experiment.sha256,
        "retrained_sha256": again.sha256,
        **(summarise(results, step_s(again)) if results else {}),
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
    finally:
        console = Console()
        console.print(table)
        console.print(f"named {len(given)} of {views}, reached by name {reached} within {limit.text}")
