# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks turbofan`: an aircraft engine from pyCycle, from logged data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from benchmarks.turbofan.controllers import Controller, MinMax
    from benchmarks.turbofan.gated import Ours
    from benchmarks.turbofan.recording import Logs
    from benchmarks.turbofan.rows import Outcome
    from benchmarks.turbofan.world import World

HERE = Path(__file__).parent
ROBOT, TASK = HERE / "turbofan.yaml", HERE / "task.yaml"
SEED = 20_001
TUNED_ON = range(5_000_001, 5_000_007)  # seeds of the grids of PI and min-max: a profile of each kind
USUAL, BEST = "min-max", "ceiling"


def turbofan(
    episodes: Annotated[int, typer.Option(help="Judged profiles.", min=2)] = 200,
    seed: options.Seed = SEED,
    logged: Annotated[int, typer.Option(help="Logged control steps to learn from.", min=240)] = 20_000,
    lost: Annotated[
        int, typer.Option(help="Profiles flown again with a compressor that wears in mid-flight.", min=0)
    ] = 40,
    folder: Annotated[Path, typer.Option(help="Folder of logs and model; what is there is used.")] = Path(
        "runs/turbofan"
    ),
    json_file: options.Json = None,
) -> None:
    """Follow demanded thrust at least fuel, within the limits of a turbofan, with a model of its logs.

    The engine is pyCycle's, tabulated once into a file of the user's folder. Rows: direct optimisation on
    the simulator, the ceiling; our planner behind the gate; min-max control with a governor and schedules;
    linear MPC on a model identified from the same logs; a tuned PI controller; and nothing at all.

    Example: python -m benchmarks turbofan --json turbofan.json
    """
    from ami_ros.cli.train import train
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    require("train", "turbofan")
    from benchmarks.turbofan.deck import load
    from benchmarks.turbofan.recording import Logs
    from benchmarks.turbofan.world import World

    configuration = Configuration.load(str(ROBOT), str(TASK))
    data, model = folder / "episodes", folder / "model.pt"
    with _bars() as bars:
        world = World(load(bars))
    with _bars() as bars:
        on_step = bars("flights", logged // 120)
        logs = Logs(world, logged, lambda: on_step(1))
    if not model.is_file():
        logs.write(data, configuration.spec)
        train(data=data, out=model, robot=str(ROBOT), task=str(TASK))
    figures = {
        **_judged(world, configuration, model, logs, range(seed, seed + episodes), lost),
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


@contextmanager
def _bars() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """Give what shows a progress bar for each part of some work, one after the other."""
    from contextlib import ExitStack

    from ami_ros.cli.progress import progress_bar

    with ExitStack() as stack:

        def begin(name: str, count: int) -> Callable[[int], None]:
            stack.pop_all().close()
            bar = stack.enter_context(progress_bar(name, count))
            return lambda done: bar.update(done)

        yield begin


def _judged(
    world: World, configuration: Configuration, model: Path, logs: Logs, seeds: range, lost: int
) -> dict[str, Any]:
    import torch

    from benchmarks.turbofan.rows import row

    torch.set_num_threads(configuration.planner.threads)
    controllers = _controllers(world, configuration, model, logs)
    ours: Ours = controllers["ours"]  # type: ignore[assignment]
    found: dict[str, list[Outcome]] = {}
    well: list[float] = []
    for name, controller in controllers.items():
        with _bars() as bars:
            on_profile = bars(name, len(seeds))

            def flew(on_profile: Callable[[int], None] = on_profile, name: str = name) -> None:
                on_profile(1)
                if name == "ours":
                    well.append(ours.noticed)

            found[name] = _outcomes(world, controller, seeds, flew)
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
        **_worn(world, ours, seeds[:lost], well),
        "rows": rows,
    }


def _outcomes(
    world: World, controller: Controller, seeds: range, on_profile: Callable[[], None]
) -> list[Outcome]:
    from benchmarks.turbofan.rows import outcomes

    return outcomes(world, controller, seeds, on_profile)


def _worn(world: World, ours: Ours, seeds: range, well: list[float]) -> dict[str, Any]:
    """Fly again with a loss in mid-flight; return how well surprise tells it, and the thrust's error then."""
    import numpy as np

    from benchmarks.turbofan.limits import STEPS
    from benchmarks.turbofan.rows import LOST, auc, flown

    if not seeds:
        return {"surprise_auc": None, "worn_profiles": 0}
    ill, errors, beyond = [], [], 0
    with _bars() as bars:
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


def _controllers(
    world: World, configuration: Configuration, model: Path, logs: Logs
) -> dict[str, Controller]:
    from ami_ros.model.runtime import load_model
    from benchmarks.turbofan.controllers import PI, Ceiling, Hold, LinearMPC
    from benchmarks.turbofan.gated import Ours

    spec = configuration.spec
    loaded = load_model(model, spec, task=configuration.task_name)
    return {
        BEST: Ceiling(),
        USUAL: tuned_min_max(world, TUNED_ON),
        "ours": Ours(loaded, spec, configuration.planner),
        "linear MPC": LinearMPC(logs.seen, logs.done),
        "PI": _best([PI(gain, reset) for gain in (0.7, 1.0, 1.4) for reset in (1.0, 2.0)], world, TUNED_ON),
        "hold": Hold(),
    }


def tuned_min_max(world: World, seeds: range) -> MinMax:
    """Return the min-max controller of a grid that keeps the limits and follows thrust best on some seeds."""
    from benchmarks.turbofan.controllers import MinMax

    grid = [MinMax(gain, over) for gain in (2.0, 3.0, 4.0) for over in (1.25, 1.4, 1.6)]
    best: MinMax = _best(grid, world, seeds)
    return best


def _best(grid: list[Any], world: World, seeds: range) -> Any:
    import numpy as np

    from benchmarks.turbofan.rows import outcomes

    def worth(controller: Controller) -> tuple[int, float]:
        found = outcomes(world, controller, seeds)
        errors = [np.abs(one.error).mean() for one in found]
        return sum(one.steps_beyond for one in found), float(np.mean(errors))

    return min(grid, key=worth)


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table(
        "controller", "steady", "transient", "fuel saved (95 %)", "beyond", "regret", title="Turbofan"
    )
    for name, row in figures["rows"].items():
        low, high = row["fuel_saved_ci"]
        table.add_row(
            name,
            f"{row['thrust_error_steady']:.2f} %",
            f"{row['thrust_error_transient']:.2f} %",
            f"{row['fuel_saved']:.2f} % ({low:.2f} to {high:.2f})",
            str(row["limit_violations"]),
            f"{row['regret']:.2f}",
        )
    console = Console()
    console.print(table)
    count = sum(figures["gate_ticks"].values())
    console.print(f"{figures['unsafe_commands']} unsafe of {count} commands")
    if figures["surprise_auc"] is not None:
        console.print(f"surprise tells 2 % of lost efficiency: AUC {figures['surprise_auc']:.3f}")
