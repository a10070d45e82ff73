# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench faults`: break everything, in mid-motion, and see what the gate does and says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.bench.faults import FaultRun
    from ami_ros.evaluation.experiment import Experiment

DEFAULT_SEED = 7001
EXPLORER = "explorer"
PLANNERS = ("model", EXPLORER)


def faults(
    seeds: Annotated[int, typer.Option(help="Runs per fault.")] = 10,
    seed: options.Seed = DEFAULT_SEED,
    fault: Annotated[
        list[str],
        typer.Option(help="Only this fault, or fault@sensor; may be repeated. Default: all that apply."),
    ] = [],  # noqa: B006, typer wants a list
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    planner: Annotated[
        str, typer.Option(help="What moves the body: model, or explorer for random motion without goals.")
    ] = "model",
    real_time: options.RealTime = True,
    json_file: options.Json = None,
    logs: options.Logs = None,
) -> None:
    """Inject every fault in mid-motion, through ROS 2.

    The simulated robot judges every command by itself: none may be outside the limits, none may move the body
    after a STOP, and the gate must name each fault rightly. Faults that the body cannot have are listed.

    Example: ami-ros bench faults --seeds 10 --json faults.json

    One fault: ami-ros bench faults --fault camera_repeated --seeds 3

    While it explores: ami-ros bench faults --planner explorer --seeds 1

    Of another camera than the first: ami-ros bench faults --robot my_robot --fault camera_black@wrist
    """
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.sim.faults.catalogue import Catalogue

    if planner not in PLANNERS:
        raise ConfigError(
            f"got unknown planner {planner!r}, expected --planner to be one of {', '.join(PLANNERS)}"
        )
    explores = planner == EXPLORER
    changes = ("judged=false",) if explores else ()  # the explorer plans with no model
    experiment = prepare(robot, task, model, episodes=seeds, seed=seed, changes=changes)
    catalogue = Catalogue(experiment.spec, has_model=not explores)
    measure_faults(experiment, fault or list(catalogue.names), real_time, json_file, logs, explores)
    for name, why in catalogue.left_out.items() if not fault else ():
        say(f"left out: {name}: {why}")


def measure_faults(
    experiment: Experiment,
    names: list[str],
    real_time: bool,
    json_file: Path | None,
    logs: Path | None,
    explores: bool = False,
) -> dict[str, Any]:
    """Run `names` with as many seeds as the experiment has, print the table, and return the figures.

    Raises:
        ConfigError: a fault that is unknown, or cannot befall this body.
        ProcessError: a node died that should not; with the end of its log.
    """
    from ami_ros.bench.faults import summarise_faults
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.fault_episodes import FaultRunner, far_seeds, fault_matrix
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.sim.faults.catalogue import Catalogue
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    catalogue = Catalogue(experiment.spec, has_model=not explores)
    for name in names:
        catalogue.members(name, 0)  # raises for what cannot be, before anything starts
    require("sim", "ros")
    check_writable(json_file)
    logs = logs or Path(tempfile.mkdtemp(prefix="ami_ros_"))  # kept: an error names the log in it
    seeds = far_seeds(experiment, experiment.seeds[0], len(experiment.seeds))
    runs: list[FaultRun] = []
    try:
        with progress_bar("faults", len(names) * len(seeds)) as bar:
            bar.update(0, "starting simulator, gate and planner")
            with FaultRunner(experiment, logs, real_time, explores) as runner:
                for run in fault_matrix(runner, names, seeds):
                    runs.append(run)
                    bar.update(1, f"{run.listed_as}, seed {run.seed}: {run.problem() or 'ok'}")
    finally:  # what was measured before a node died is worth keeping
        figures = summarise_faults(runs)
        figures |= {"task": experiment.task, "model_sha256": experiment.sha256, "seeds": list(seeds)}
        figures |= {"planner": EXPLORER if explores else experiment.planner.solver}
        figures |= {"real_time": real_time, "complete": len(runs) == len(names) * len(seeds)}
        figures |= {"left_out": catalogue.left_out}
        figures |= {"hardware": hardware(), "versions": versions()}
        try:
            write_json(json_file, figures)
        finally:
            if runs:
                _print(figures)
    return figures


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table(
        "fault", "runs", "unsafe", "moved", "misnamed", "p50 ms", "p99 ms", title="moved: after a STOP"
    )
    for name, row in figures["by_fault"].items():
        bad = row["unsafe_commands"] + row["moved_after_stop"] + row["wrongly_named"]
        times = (
            "-" if row["reaction_ms"][q] is None else f"{row['reaction_ms'][q]:.0f}" for q in ("p50", "p99")
        )
        counts = (str(row[key]) for key in ("runs", "unsafe_commands", "moved_after_stop", "wrongly_named"))
        table.add_row(name, *counts, *times, style="red" if bad else "")
    console = Console()
    console.print(table)
    for name, row in figures["by_fault"].items():
        for problem in row["problems"]:
            console.print(f"{name}, {problem}", style="red")
