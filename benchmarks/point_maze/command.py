# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks point-maze`: ways through OGBench's mazes, from recorded pieces of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.point_maze.mazes import Maze

HERE = Path(__file__).parent
SEED = 20_001


def point_maze(
    maze: Annotated[str, typer.Option(help="medium, large or giant.")],
    episodes: Annotated[
        int, typer.Option(help="Judged episodes of each of the five tasks.", min=1, max=1000)
    ] = 50,
    others: Annotated[
        int | None,
        typer.Option(
            help="The same for rows other than ours with routes; left out, as many.", min=1, max=1000
        ),
    ] = None,
    seed: options.Seed = SEED,
    walks: Annotated[
        int, typer.Option(help="Recorded walks of 200 steps; OGBench has 5000.", min=10, max=100_000)
    ] = 1000,
    training_seed: Annotated[
        int | None, typer.Option(help="Seed of weights and batches; left out, that of the task.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder of walks and models; what is there is used.")] = Path(
        "runs/point_maze"
    ),
    json_file: options.Json = None,
) -> None:
    """Record stitch data of a PointMaze of OGBench, train on it, and plan to OGBench's own goals.

    Rows: our planner with routes over the recorded walks, with routes that the model imagines, and without
    routes; the walks alone; anything; and what others published. A row's TFLOP per episode are of the first
    episode of each task.

    Example: python -m benchmarks point-maze --maze giant --json giant.json
    """
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from benchmarks.point_maze.mazes import MAZES
    from benchmarks.point_maze.rows import OURS

    if maze not in MAZES:
        raise ConfigError(f"--maze: got {maze!r}, expected one of {list(MAZES)}")
    check_writable(json_file)
    require("train", "point_maze")
    robot, task = (str(HERE / f"{name}.yaml") for name in ("point", "point_maze"))
    changes = {} if training_seed is None else {"seed": training_seed}
    configuration = Configuration.load(robot, task, {"training": changes})
    data, runs = folder / maze / "episodes", folder / maze
    model = (runs if training_seed is None else runs / f"training_seed_{training_seed}") / "model.pt"
    if not model.is_file():
        _record(MAZES[maze], data, configuration, walks)
        train(data=data, out=model, robot=robot, task=task, seed=training_seed)
    figures: dict[str, Any] = {
        "maze": maze,
        "rows": {},
        "published": dict(MAZES[maze].published),
        "walks": walks,
        "episodes_per_task": episodes,
        "seed": seed,
        "training_seed": configuration.training.seed,
        "hardware": hardware(),
        "versions": versions(),
    }
    for name, row in _judged(MAZES[maze], configuration, model, data, seed, episodes, others or episodes):
        figures["rows"][name] = row
        if name == OURS:
            figures |= {key: row[key] for key in ("success", "tflop_per_episode")}
        write_json(json_file, figures)  # row by row: the last one is slow in the giant maze
    _print(figures)


def _record(maze: Maze, data: Path, configuration: Configuration, walks: int) -> None:
    from ami_ros.cli.progress import progress_bar
    from benchmarks.point_maze.recording import record

    with progress_bar("record", walks) as bar:
        record(maze, data, configuration.spec, walks, lambda: bar.update(1))


def _judged(
    maze: Maze,
    configuration: Configuration,
    model: Path,
    data: Path,
    seed: int,
    episodes: int,
    others: int,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows with their names, each as soon as it was played."""
    import torch

    from ami_ros.cli.progress import progress_bar
    from benchmarks.point_maze.rows import OURS, outcomes, players, row
    from benchmarks.point_maze.world import TASKS, World

    torch.set_num_threads(configuration.planner.threads)
    world = World(maze)
    for name, player in players(configuration, model, data).items():
        count = episodes if name == OURS else others
        with progress_bar(name, TASKS * count) as bar:
            found = outcomes(world, player, seed, count, lambda bar=bar: bar.update(1))  # type: ignore[misc]
        yield name, row(found, getattr(player, "plan_s", ()))


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("planner", "success", "of each task", "TFLOP per episode", "ms", title=figures["maze"])
    for name, row in figures["rows"].items():
        each = " ".join(f"{value:.2f}" for value in row["tasks"])
        flop, ms = row["tflop_per_episode"], row["plan_ms_p50"]
        shown = ("-" if value is None else f"{value:.3g}" for value in (flop, ms))
        table.add_row(name, f"{row['success']:.3f}", each, *shown)
    for name, success in figures["published"].items():
        table.add_row(f"{name}, published", f"{success:.2f}", "", "-", "-")
    Console().print(table)
