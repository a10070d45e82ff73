# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks process`: plants of pc-gym, from logged data alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.process.plants import Plant
    from benchmarks.process.recording import Logs
    from benchmarks.process.world import World

SEED = 20_001
TUNED_ON = range(5_000_001, 5_000_007)  # seeds of the PI controller's grid


def process(
    plant: Annotated[str, typer.Option(help="cstr, four_tank, distillation or crystallisation.")],
    episodes: Annotated[int, typer.Option(help="Judged episodes.", min=2)] = 100,
    seed: options.Seed = SEED,
    logged: Annotated[int, typer.Option(help="Logged control steps to learn from.", min=200)] = 20_000,
    folder: Annotated[Path, typer.Option(help="Folder of logs and models; what is there is used.")] = Path(
        "runs/process"
    ),
    sac: Annotated[
        list[int] | None, typer.Option(help="Also a row of SAC that learned on so many steps of the plant.")
    ] = None,
    json_file: options.Json = None,
) -> None:
    """Plan a plant of pc-gym with a model of its logs, next to controllers that know more or less.

    Rows: nonlinear MPC on pc-gym's equations, the oracle; our planner; our inverse model, without a search; a
    linear model identified from the same logs with MPC; a tuned PI controller; nothing at all; and, with
    --sac, a policy that learned on the plant itself. The gap is pc-gym's: by
    how much the median return is below the oracle's, as a share.

    Example: python -m benchmarks process --plant cstr --json cstr.json
    """
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from benchmarks.process.plants import PLANTS, TASK
    from benchmarks.process.recording import Logs

    if plant not in PLANTS:
        raise ConfigError(f"--plant: got {plant!r}, expected one of {list(PLANTS)}")
    check_writable(json_file)
    require("train", "process")
    one, configuration = PLANTS[plant], Configuration.load(str(PLANTS[plant].robot), str(TASK))
    data, model = folder / plant / "episodes", folder / plant / "model.pt"
    logs = Logs(one, logged)
    if not model.is_file():
        logs.write(data, configuration.spec)
        train(data=data, out=model, robot=str(one.robot), task=str(TASK))
    figures = {
        "plant": plant,
        **_judged(one, configuration, model, logs, range(seed, seed + episodes), sac or []),
        "logged_steps": int(logs.wanted.shape[0] * logs.wanted.shape[1]),
        "episodes": episodes,
        "seed": seed,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def _judged(
    plant: Plant, configuration: Configuration, model: Path, logs: Logs, seeds: range, sac: list[int]
) -> dict[str, Any]:
    import torch

    from ami_ros.cli.progress import progress_bar
    from benchmarks.process.rows import outcomes, row
    from benchmarks.process.world import World

    torch.set_num_threads(configuration.planner.threads)
    world = World(plant)
    rows: dict[str, dict[str, Any]] = {}
    oracle = None
    controllers = _controllers(plant, configuration, model, logs, world)
    if sac:
        from benchmarks.process.sac import SAC

        for count in sac:
            path = model.with_name(f"sac_{count}.zip")
            controllers[f"SAC, {count} steps"] = SAC(plant, logs.seen, count, path)
    for name, controller in controllers.items():
        with progress_bar(name, len(seeds)) as bar:
            found = outcomes(world, controller, seeds, lambda bar=bar: bar.update(1))  # type: ignore[misc]
        oracle = found if oracle is None else oracle
        rows[name] = row(found, oracle, getattr(controller, "plan_s", ()))
    ours = rows["ours"]
    return {
        "gap": ours["gap"],
        "gap_ci": ours["gap_ci"],
        "violations": ours["violations"],
        "unsafe_commands": controllers["ours"].gated.unsafe,
        "gate_ticks": controllers["ours"].gated.ticks,
        "rows": rows,
    }


def _controllers(
    plant: Plant, configuration: Configuration, model: Path, logs: Logs, world: World
) -> dict[str, Any]:
    from ami_ros.model.runtime import load_model
    from benchmarks.process.controllers import NMPC, Hold, LinearMPC, Ours, tuned_pi
    from benchmarks.process.rows import outcome

    spec, settings = configuration.spec, configuration.planner
    loaded = load_model(model, spec, task=configuration.task_name)
    unsearched = dataclasses.replace(settings, solver="inverse_model")
    return {
        "oracle": NMPC(plant),
        "ours": Ours(plant, loaded, spec, settings),
        "inverse model": Ours(plant, loaded, spec, unsearched),
        "linear MPC": LinearMPC(plant, logs.seen, logs.done),
        "PI": tuned_pi(plant, world, TUNED_ON, lambda *one: outcome(*one).returned),
        "hold": Hold(),
    }


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("controller", "return", "gap (95 %)", "outside", "ms", title=f"{figures['plant']}, pc-gym")
    for name, row in figures["rows"].items():
        low, high = row["gap_ci"]
        ms = "" if row["plan_ms_p50"] is None else f"{row['plan_ms_p50']:.1f}"
        table.add_row(
            name,
            f"{row['return_median']:.2f}",
            f"{row['gap']:.3f} ({low:.3f} to {high:.3f})",
            f"{row['outside_mean']:.2f}",
            ms,
        )
    console = Console()
    console.print(table)
    console.print(f"{figures['unsafe_commands']} unsafe of {sum(figures['gate_ticks'].values())} commands")
