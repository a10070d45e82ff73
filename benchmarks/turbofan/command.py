# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks turbofan`: an aircraft engine from pyCycle, from logged data alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.turbofan.bars import Bars
    from benchmarks.turbofan.controllers import Controller
    from benchmarks.turbofan.gated import Ours
    from benchmarks.turbofan.recording import Logs
    from benchmarks.turbofan.rows import Outcome
    from benchmarks.turbofan.world import World

SEED = 20_001
BEST = "ceiling"


def turbofan(
    episodes: Annotated[int, typer.Option(help="Judged profiles.", min=2)] = 200,
    seed: options.Seed = SEED,
    logged: Annotated[int, typer.Option(help="Logged control steps to learn from.", min=240)] = 20_000,
    lost: Annotated[
        int, typer.Option(help="Profiles flown again with a compressor that wears in mid-flight.", min=0)
    ] = 40,
    tuned: Annotated[
        int, typer.Option(help="Profiles of a worn compressor to fine-tune on, one at a time.", min=0)
    ] = 5,
    folder: Annotated[Path, typer.Option(help="Folder of logs and model; what is there is used.")] = Path(
        "runs/turbofan"
    ),
    json_file: options.Json = None,
) -> None:
    """Follow demanded thrust at least fuel, within the limits of a turbofan, with a model of its logs.

    The engine is pyCycle's, tabulated once into a file of the user's folder. Rows: direct optimisation on
    the simulator, the ceiling; our planner behind the gate; min-max control with a governor and schedules;
    linear MPC on a model identified from the same logs; a tuned PI controller; and nothing at all. Then the
    compressor wears: what surprise tells, and what fine-tuning on a single flight restores.

    Example: python -m benchmarks turbofan --json turbofan.json
    """
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    require("train", "turbofan")
    from benchmarks.turbofan.bars import bars_one_by_one
    from benchmarks.turbofan.deck import load
    from benchmarks.turbofan.model import ROBOT, TASK, flown_logs, trained
    from benchmarks.turbofan.world import World

    configuration = Configuration.load(str(ROBOT), str(TASK))
    with bars_one_by_one() as bars:
        world = World(load(bars))
        logs = flown_logs(world, logged, bars)
    model = trained(logs, configuration.spec, folder)
    with bars_one_by_one() as bars:
        seeds = range(seed, seed + episodes)
        judged = _judged(world, configuration, _ours(configuration, model), logs, seeds, lost, bars)
        rows = _worn_rows(world, configuration, model, logs, seed + episodes, tuned, folder / "worn", bars)
    figures = {
        **judged,
        "worn_rows": rows,
        "deck_points": world.deck.points,
        "deck_errors": world.deck.errors,
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
    world: World,
    configuration: Configuration,
    ours: Ours,
    logs: Logs,
    seeds: range,
    lost: int,
    bars: Bars,
) -> dict[str, Any]:
    import torch

    from benchmarks.turbofan.rows import outcomes, row
    from benchmarks.turbofan.tuning import USUAL

    torch.set_num_threads(configuration.planner.threads)
    found: dict[str, list[Outcome]] = {}
    well: list[float] = []
    for name, controller in _controllers(world, ours, logs).items():
        on_profile = bars(name, len(seeds))

        def flew(on_profile: Callable[[int], None] = on_profile, name: str = name) -> None:
            on_profile(1)
            if name == "ours":
                well.append(ours.noticed)

        found[name] = outcomes(world, controller, seeds, flew)
    plan_s = list(ours.plan_s)
    rows = {
        name: row(each, found[USUAL], found[BEST], plan_s if name == "ours" else ())
        for name, each in found.items()
    }
    own = rows["ours"]
    return {
        "thrust_error_steady": own["thrust_error_steady"],
        "thrust_error_transient": own["thrust_error_transient"],
        "limit_violations": own["limit_violations"],
        "unsafe_commands": ours.gated.unsafe,
        "gate_ticks": ours.gated.ticks,
        "fuel_saved": own["fuel_saved"],
        "fuel_saved_ci": own["fuel_saved_ci"],
        "regret": {name: rows[name]["regret"] for name in ("ours", USUAL)},
        **_wearing(world, ours, seeds[:lost], well, bars),
        "rows": rows,
    }


def _ours(configuration: Configuration, model: Path) -> Ours:
    from ami_ros.model.runtime import load_model
    from benchmarks.turbofan.gated import Ours

    spec = configuration.spec
    return Ours(load_model(model, spec, task=configuration.task_name), spec, configuration.planner)


def _controllers(world: World, ours: Ours, logs: Logs) -> dict[str, Controller]:
    from benchmarks.turbofan.controllers import Ceiling, Hold, LinearMPC
    from benchmarks.turbofan.tuning import TUNED_ON, USUAL, tuned_min_max, tuned_pi

    return {
        BEST: Ceiling(),
        USUAL: tuned_min_max(world, TUNED_ON),
        "ours": ours,
        "linear MPC": LinearMPC(logs.seen, logs.done),
        "PI": tuned_pi(world, TUNED_ON),
        "hold": Hold(),
    }


def _worn_rows(
    world: World,
    configuration: Configuration,
    model: Path,
    logs: Logs,
    first: int,
    tuned: int,
    folder: Path,
    bars: Bars,
) -> dict[str, Any]:
    """Return the rows of a worn engine, on profiles from a seed on that nobody has flown yet."""
    from benchmarks.turbofan.fine_tuning import worn_rows
    from benchmarks.turbofan.profiles import KINDS

    if not tuned:
        return {}
    again = range(first, first + len(KINDS))
    seeds = range(again.stop, again.stop + tuned)
    ours = functools.partial(_ours, configuration)
    return worn_rows(world, ours, model, logs, configuration.spec, seeds, again, folder, bars)


def _wearing(world: World, ours: Ours, seeds: range, well: list[float], bars: Bars) -> dict[str, Any]:
    """Fly again with a loss in mid-flight; return how well surprise tells it, and the thrust's error then."""
    import numpy as np

    from benchmarks.turbofan.limits import STEPS
    from benchmarks.turbofan.rows import LOST, auc, flown

    if not seeds:
        return {"surprise_auc": None, "worn_profiles": 0}
    ill, errors, beyond = [], [], 0
    on_profile = bars(f"{100 * LOST:.0f} % lost", len(seeds))
    for seed in seeds:
        one = flown(world, ours, seed, LOST)
        ill.append(ours.noticed)
        beyond += one.steps_beyond
        late = np.abs(one.error[STEPS // 2 :])
        errors.append(late[~one.moving[STEPS // 2 :]])
        on_profile(1)
    return {
        "surprise_auc": auc(ill, well),
        "worn_profiles": len(seeds),
        "worn_thrust_error_steady": float(np.concatenate(errors).mean()),
        "worn_limit_violations": beyond,
    }


def _print(figures: dict[str, Any]) -> None:
    from ami_ros.system.terminal import Console
    from benchmarks.turbofan.table import table_of, worn_table_of

    console = Console()
    console.print(table_of(figures["rows"]))
    count = sum(figures["gate_ticks"].values())
    console.print(f"{figures['unsafe_commands']} unsafe of {count} commands")
    if figures["surprise_auc"] is not None:
        console.print(f"surprise tells 2 % of lost efficiency: AUC {figures['surprise_auc']:.3f}")
    if figures["worn_rows"]:
        console.print(worn_table_of(figures["worn_rows"]))
