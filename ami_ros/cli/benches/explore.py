# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench explore`: what an exploration covers, and whether it is safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ami_ros.cli import options

FIGURES = (
    ("minutes of motion", "minutes", ".1f"),
    ("cells visited, share", "cells", ".2f"),
    ("fast, too", "cells_fast", ".2f"),
    ("views", "views", ".0f"),
    ("held back, times", "held_back", ".0f"),
    ("commands outside the limits", "unsafe_commands", "d"),
    ("ended", "ended", "s"),
    ("control steps", "steps", "d"),
    ("with a contact of the arm", "touched_steps", "d"),
    ("with a self-contact", "self_touched_steps", "d"),
)


def explore(
    minutes: Annotated[
        float | None, typer.Option(help="Time in motion, at most [config/explorer.yaml].")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="As for ami-ros explore.")] = None,
    top_speed: Annotated[float | None, typer.Option(help="As in config/explorer.yaml.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the motion [config/explorer.yaml].")] = None,
    plain: Annotated[bool, typer.Option(help="Also run random motion without a target.")] = True,
    robot: options.Robot = None,
    task: options.Task = None,
    json_file: options.Json = None,
    plot: Annotated[Path | None, typer.Option(help="Plot the coverage over time to this PNG file.")] = None,
) -> None:
    """Explore in our simulator, in process, and count unsafe commands and whatever the arm touched.

    Example: ami-ros bench explore --robot panda --task reach --minutes 20 --json explored.json
    """
    from ami_ros.bench.explored import EXPLORER, WAYS, ExploredBody
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable, write_whole

    given = {"minutes": minutes, "speed": speed, "top_speed": top_speed, "seed": seed}
    configuration = Configuration.load(robot, task, {"explorer": given})
    require("sim", *(["train"] if plot else []))
    check_writable(json_file, plot)
    ways = WAYS if plain else (EXPLORER,)
    total = round(60.0 * configuration.explorer.minutes)
    rows: dict[str, dict[str, Any]] = {}
    with progress_bar("explore", total * len(ways)) as bar:
        for way in ways:
            body, shown = ExploredBody(configuration, way), 0
            for _ in body.run():
                come = round(total - body.planner.progress.left_s)
                bar.update(come - shown, f"{way}: {100 * body.planner.coverage.cells.share:.0f} %")
                shown = come
            bar.update(total - shown)  # it may end by itself
            rows[way] = body.figures()
            body.close()
    about = {
        "robot": configuration.spec.name,
        "task": configuration.task,
        "seed": configuration.explorer.seed,
    }
    try:
        write_json(json_file, {"rows": rows, **about, "hardware": hardware(), "versions": versions()})
        if plot is not None:
            from ami_ros.report.plots import lines

            curves = {
                way: [(at, 100 * share) for at, share in row["cells_by_minute"]] for way, row in rows.items()
            }
            write_whole(plot, lines(curves, "motion [min]", "visited cells [%]", top=103.0))
    finally:
        _print(rows)


def _print(rows: dict[str, dict[str, Any]]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("", *rows)
    for text, key, form in FIGURES:
        table.add_row(text, *("-" if row[key] is None else format(row[key], form) for row in rows.values()))
    console = Console()
    console.print(table)
    for way, row in rows.items():
        if row["unsafe_by_kind"] or row["moved_after_stop"]:
            found = f"{row['unsafe_by_kind']}, moved after a STOP {row['moved_after_stop']}"
            console.print(f"{way}: {found}", style="red")
