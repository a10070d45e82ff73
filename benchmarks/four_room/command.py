# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks four-room`: goals two rooms away, a public yardstick of planning past the horizon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from benchmarks.four_room.rows import Rows

HERE = Path(__file__).parent
DATA_SEED = 3072  # the yardstick's


def four_room(
    folder: Annotated[
        Path, typer.Option(help="Folder of recordings, models and results; a stopped run resumes.")
    ] = Path("runs/four_room"),
    seeds: Annotated[int, typer.Option(help="Models, trained with seeds 1, 2, ...", min=1, max=100)] = 3,
    episodes: Annotated[int, typer.Option(help="Recorded episodes of 400 steps.", min=4, max=100_000)] = 2500,
    steps: options.Steps = None,
    tasks: Annotated[int, typer.Option(help="Fixed tasks to run, from the first on.", min=1, max=50)] = 50,
    workers: Annotated[int, typer.Option(help="Processes that record.", min=1, max=256)] = 2,
    json_file: options.Json = None,
) -> None:
    """Record, train and plan in FourRoom Distractors, our port of a yardstick of hierarchical planners.

    An agent, a double that looks like it and jumps, four rooms, doors that may be closed; goals are two rooms
    away and count as reached within 16 px and 210 steps. Rows: our planner with and without routes, the
    recordings alone, anything, and an expert that knows the truth.

    Example: python -m benchmarks four-room --json four_room.json
    """
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.manifest import MANIFEST_FILE
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from benchmarks.four_room.rows import Rows, summarised

    check_writable(json_file, folder / "episodes" / MANIFEST_FILE)
    require("train")
    robot, task = (str(HERE / f"{name}.yaml") for name in ("agent", "four_room"))
    configuration = Configuration.load(robot, task)
    data = folder / "episodes"
    _record(data, configuration, episodes, workers)
    found: list[dict[str, Any]] = []
    for seed in range(1, seeds + 1):
        model = folder / f"seed_{seed}" / "model.pt"
        if not model.is_file():
            train(data=data, out=model, robot=robot, task=task, seed=seed, steps=steps)
        found.append(_played(Rows(configuration, model, data, model.with_name("rows.json"), tasks), seed))
    rows = summarised(found)
    figures = {
        "rows": rows,
        "tasks": tasks,
        "episodes": episodes,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
    finally:
        _print(rows)


def _record(data: Path, configuration: Any, episodes: int, workers: int) -> None:
    from ami_ros.cli.progress import progress_bar
    from ami_ros.system.workers import Workers
    from benchmarks.four_room.recording import RoomRecorder, record

    data.mkdir(parents=True, exist_ok=True)
    recorder = (data, configuration.spec, DATA_SEED, configuration.model.image_size)
    missing = RoomRecorder(*recorder).missing(episodes)
    with progress_bar("record", episodes) as bar:
        bar.update(episodes - len(missing))
        if missing:
            with Workers(min(workers, len(missing)), RoomRecorder, recorder) as pool:
                for _ in pool.run(record, missing):
                    bar.update(1)


def _played(rows: Rows, seed: int) -> dict[str, Any]:
    from ami_ros.cli.progress import progress_bar

    with progress_bar(f"seed {seed}", rows.missing) as bar:
        for name in rows.play():
            bar.update(1, name)
    return rows.results


def _print(rows: dict[str, dict[str, Any]]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("planner", "success", "of each seed", "TFLOP per episode", title="FourRoom Distractors")
    for name, row in rows.items():
        each = " ".join(f"{value:.2f}" for value in row["seeds"])
        flop = row["tflop_per_episode"]
        table.add_row(name, f"{row['success']:.3f}", each, "-" if flop is None else f"{flop:.3f}")
    Console().print(table)
