# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks patients`: virtual patients of simglucose. A simulation, never a medical device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.patients.world import World

HERE = Path(__file__).parent
ROBOT, TASK = HERE / "patients.yaml", HERE / "task.yaml"
SEED = 20_001


def patients(
    days: Annotated[int, typer.Option(help="Judged days of each patient that was never seen.", min=1)] = 1,
    of: Annotated[
        int, typer.Option("--patients", help="How many of the twenty are judged.", min=2, max=20)
    ] = 20,
    seed: options.Seed = SEED,
    logged: Annotated[int, typer.Option(help="Recorded days of each taught patient.", min=2)] = 15,
    simulator: Annotated[Path, typer.Option(help="A Python that has simglucose 0.2.11.")] = Path(
        ".simglucose/bin/python"
    ),
    folder: Annotated[Path, typer.Option(help="Folder of records and model; what is there is used.")] = Path(
        "runs/patients"
    ),
    json_file: options.Json = None,
) -> None:
    """Keep the glucose of virtual patients in range, with a model of other patients' records.

    A simulation, never a medical device. Rows: simglucose's basal-bolus controller, its PID, and our planner
    behind the gate, on twenty patients that the model never saw, with meals announced and not.

    Example: python -m benchmarks patients --seed 20001 --json patients.json
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from benchmarks.patients.recording import taught, write_days
    from benchmarks.patients.world import Pipe, World

    check_writable(json_file)
    require("train")
    configuration = Configuration.load(str(ROBOT), str(TASK))
    records, model = folder / "episodes", folder / "model.pt"
    world = World(Pipe(simulator))
    if not model.is_file():
        learned, _ = taught(world.pipe.patients)
        with progress_bar("records", logged * len(learned)) as bar:
            write_days(world, configuration.spec, records, logged, lambda: bar.update(1))
        train(data=records, out=model, robot=str(ROBOT), task=str(TASK))
    figures = {
        **judged(world, configuration, model, of, days, seed),
        "patients": of,
        "days": days,
        "seed": seed,
        "hardware": hardware(),
        "versions": versions(),
    }
    world.pipe.close()
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def judged(
    world: World, configuration: Configuration, model: Path, of: int, days: int, seed: int
) -> dict[str, Any]:
    """Return the figures of all rows on the patients that the model never saw."""
    import numpy as np
    import torch

    from ami_ros.cli.progress import progress_bar
    from ami_ros.model.runtime import load_model
    from benchmarks.patients.controllers import Ours
    from benchmarks.patients.recording import taught
    from benchmarks.patients.rows import row
    from benchmarks.patients.world import Day

    torch.set_num_threads(configuration.planner.threads)
    _, everybody = taught(world.pipe.patients)
    unseen = [everybody[at * len(everybody) // of] for at in range(of)]  # of all ages
    spec = configuration.spec
    ours = Ours(load_model(model, spec, task=configuration.task_name), spec, configuration.planner)
    rows: list[dict[str, Any]] = []
    for announced in (True, False):
        for name in ("basal-bolus", "PID", "ours"):
            if name == "PID" and not announced:  # it never hears of meals: these days would repeat
                rows.append({**rows[1], "announced": announced})
                continue
            found = []
            with progress_bar(name, days * len(unseen)) as bar:
                for number in range(days * len(unseen)):
                    day = Day(unseen[number % len(unseen)], seed + number, announced)
                    found.append(ours.followed(world, day) if name == "ours" else _theirs(world, day, name))
                    bar.update(1)
            rows.append(row(name, announced, found))
    own = {"announced" if it["announced"] else "unannounced": it for it in rows if it["controller"] == "ours"}
    return {
        "time_in_range": {name: it["time_in_range"] for name, it in own.items()},
        "time_below_54": {name: it["time_below_54"] for name, it in own.items()},
        "insulin_while_low": ours.gated.insulin_while_low,
        "unsafe_commands": ours.gated.unsafe,
        "gate_ticks": ours.gated.ticks,
        "plan_ms_p50": 1e3 * float(np.median(ours.plan_s)),
        "rows": rows,
    }


def _theirs(world: World, day: Any, name: str) -> Any:
    world.begin(day)
    return world.followed(name)


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("meals", "controller", "in range (95 %)", "below 70", "below 54", title="Virtual patients")
    for one in figures["rows"]:
        low, high = one["time_in_range_ci"]
        table.add_row(
            "announced" if one["announced"] else "unannounced",
            one["controller"],
            f"{one['time_in_range']:.3f} ({low:.3f} to {high:.3f})",
            f"{one['time_below_70']:.4f}",
            f"{one['time_below_54']:.4f}",
        )
    console = Console()
    console.print(table)
    count = sum(figures["gate_ticks"].values())
    console.print(f"{figures['insulin_while_low']} of {count} commands gave insulin while glucose was low")
    console.print("A simulation, never a medical device")
