# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks two-room`: goals that an expert reached, through a door, from pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.two_room.rules import Rules
    from benchmarks.two_room.tasks import Task

HERE = Path(__file__).parent
SEED = 42  # the yardstick's


def two_room(
    rules: Annotated[str, typer.Option(help="usual, or strict: those of an audit.")],
    seed: options.Seed = SEED,
    models: Annotated[int, typer.Option(help="Models, trained with seeds 1, 2, ...", min=1, max=100)] = 1,
    walks: Annotated[
        int, typer.Option(help="Recorded walks of an expert; the yardstick has 10000.", min=20, max=100_000)
    ] = 2000,
    folder: Annotated[Path, typer.Option(help="Folder of walks and models; what is there is used.")] = Path(
        "runs/two_room"
    ),
    json_file: options.Json = None,
) -> None:
    """Record the expert of stable-worldmodel's TwoRoom, train on its pictures, and plan to held-out goals.

    Rows: our planner with routes over the recorded walks and without; the walks alone; anything; and what
    others published. A row's TFLOP per episode are of its first ten tasks.

    Example: python -m benchmarks two-room --rules strict --seed 0 --json strict_0.json
    """
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from benchmarks.two_room.rows import OURS
    from benchmarks.two_room.rules import RULES
    from benchmarks.two_room.tasks import tasks

    if rules not in RULES:
        raise ConfigError(f"--rules: got {rules!r}, expected one of {list(RULES)}")
    check_writable(json_file)
    require("train", "bench")
    robot, task = (str(HERE / f"{name}.yaml") for name in ("dot", "two_room"))
    configuration = Configuration.load(robot, task)
    data = folder / "episodes"
    figures: dict[str, Any] = {
        "rules": rules,
        "models": [],
        "published": dict(RULES[rules].published),
        "walks": walks,
        "seed": seed,
        "hardware": hardware(),
        "versions": versions(),
    }
    paths = [folder / f"seed_{number}" / "model.pt" for number in range(1, models + 1)]
    if not all(path.is_file() for path in paths):
        _record(data, configuration, walks)
    drawn = tasks(RULES[rules], seed, configuration.model.image_size)
    for number, model in enumerate(paths, 1):
        if not model.is_file():
            train(data=data, out=model, robot=robot, task=task, seed=number)
        rows: dict[str, Any] = {}
        figures["models"].append(rows)
        for name, row in _judged(RULES[rules], configuration, model, data, drawn, seed):
            rows[name] = row
            if name == OURS:
                found = [one[OURS] for one in figures["models"]]
                for key in ("success", "tflop_per_episode"):
                    figures[key] = sum(one[key] for one in found) / len(found)
            write_json(json_file, figures)  # row by row
    _print(figures)


def _record(data: Path, configuration: Configuration, walks: int) -> None:
    from ami_ros.cli.progress import progress_bar
    from benchmarks.two_room.recording import record

    with progress_bar("record", walks) as bar:
        record(data, configuration.spec, configuration.model.image_size, walks, lambda: bar.update(1))


def _judged(
    rules: Rules, configuration: Configuration, model: Path, data: Path, drawn: Sequence[Task], seed: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows with their names, each as soon as it was played."""
    import torch

    from ami_ros.cli.progress import progress_bar
    from benchmarks.two_room.rows import outcomes, players, row
    from benchmarks.two_room.world import World

    torch.set_num_threads(configuration.planner.threads)
    world = World(configuration.model.image_size, rules)
    for name, player in players(configuration, model, data).items():
        with progress_bar(name, len(drawn)) as bar:
            found = outcomes(world, player, drawn, seed, lambda bar=bar: bar.update(1))  # type: ignore[misc]
        yield name, row(found, getattr(player, "plan_s", ()))


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    title = f"TwoRoom, {figures['rules']} rules, seed {figures['seed']}"
    table = Table("planner", "success", "steps", "TFLOP per episode", "ms", title=title)
    for number, rows in enumerate(figures["models"], 1):
        for name, row in rows.items():
            shown = (row[key] for key in ("steps_median", "tflop_per_episode", "plan_ms_p50"))
            values = ("-" if value is None else f"{value:.3g}" for value in shown)
            which = f"{name}, model {number}" if len(figures["models"]) > 1 else name
            table.add_row(which, f"{row['success']:.3f}", *values)
    for name, success in figures["published"].items():
        table.add_row(f"{name}, published", f"{success:.3g}", "-", "-", "-")
    Console().print(table)
