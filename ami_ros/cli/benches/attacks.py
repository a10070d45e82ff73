# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench attacks`: everything that strangers can send, at random, for long."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.bench.faults import FaultRun
    from ami_ros.evaluation.experiment import Experiment

DEFAULT_SEED = 9501
SETTLED = "joints_reordered"  # what changes nothing: the first runs, until every process has its memory
SETTLING_RUNS = 3
REST_S = 10.0  # after the last attack, until memory has to be back


def attacks(
    minutes: Annotated[float, typer.Option(help="How long.")] = 12.0,
    seed: Annotated[int, typer.Option(help="Seed of the attacks and of the episodes.")] = DEFAULT_SEED,
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    json_file: options.Json = None,
    logs: options.Logs = None,
) -> None:
    """Attack the running nodes over the wire, in real time: another attack every few seconds, at random.

    No command may be outside the limits, none may move the body after a STOP, the e-stop takes effect at
    once, and memory stays where it was: of each process (its peak, and 10 s after the last attack) and in
    /dev/shm.

    Example: ami-ros bench attacks --minutes 12 --json attacks.json
    """
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    if not 0.0 < minutes <= 24 * 60:
        raise ConfigError(f"minutes: got {minutes}, expected a positive number up to a day")
    experiment = prepare(robot, task, model, seed=seed)
    require("sim", "ros")
    check_writable(json_file)
    figures = measure_attacks(experiment, minutes, seed, logs or Path(tempfile.mkdtemp(prefix="ami_ros_")))
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def measure_attacks(experiment: Experiment, minutes: float, seed: int, logs: Path) -> dict[str, Any]:
    """Attack for this number of minutes and return the figures.

    Raises:
        ProcessError: a node died; with the end of its log.
    """
    import numpy as np

    from ami_ros.bench.process_memory import MemoryWatch
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.fault_episodes import FaultRunner, far_seeds
    from ami_ros.report.machine import hardware, versions
    from ami_ros.sim.faults.catalogue import Catalogue
    from ami_ros.sim.faults.kinds import BOXES, ESTOP_FLOODED, RESTRICTED, SECOND_GATE, WIRE

    faults = Catalogue(experiment.spec).faults
    names = [name for name, fault in faults.items() if fault.part == WIRE]
    names += [SECOND_GATE, ESTOP_FLOODED, RESTRICTED, BOXES]
    seeds, generator = far_seeds(experiment, seed, 20), np.random.default_rng(seed)
    runs: list[FaultRun] = []
    with progress_bar("attacks", round(60 * minutes)) as bar, FaultRunner(experiment, logs) as runner:
        for number in range(SETTLING_RUNS):
            runner.inject(SETTLED if SETTLED in faults else names[number % len(names)], seeds[number])
        watch, begun, shown = MemoryWatch(runner.pids()), time.monotonic(), 0
        while (elapsed := time.monotonic() - begun) < 60 * minutes:
            bar.update(round(elapsed) - shown, f"{len(runs)} attacks")
            shown = round(elapsed)
            runs.append(
                runner.inject(names[generator.integers(len(names))], seeds[generator.integers(len(seeds))])
            )
        time.sleep(REST_S)
        memory = watch.figures()
    return _figures(runs, minutes, seed) | {"memory": memory, "hardware": hardware(), "versions": versions()}


def _figures(runs: list[FaultRun], minutes: float, seed: int) -> dict[str, Any]:
    from ami_ros.bench.faults import summarise_faults

    found = summarise_faults(runs)
    estops = [run.estop_ms for run in runs if run.estop_ms is not None]
    return found | {
        "minutes": minutes,
        "seed": seed,
        "estops": len(estops),
        "estop_ms_max": max(estops, default=None),
    }


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    memory = figures["memory"]
    head = ("process", "MB at the start", "MB at the peak", "times", "MB 10 s later", "times")
    columns = ("rss_mb_start", "rss_mb_peak", "peak_share", "rss_mb_end", "end_share")
    table = Table(*head, title=f"{figures['runs']} attacks")
    for name in memory["peak_share"]:
        table.add_row(name, *(str(memory[column][name]) for column in columns))
    console = Console()
    console.print(table)
    console.print(
        f"/dev/shm {memory['shm_mb_start']} MB, then {memory['shm_mb_end']} MB; "
        f"unsafe commands {figures['unsafe_commands']}, moved after a STOP {figures['moved_after_stop']}, "
        f"wrongly named {figures['wrongly_named']}; slowest of {figures['estops']} e-stops "
        f"{figures['estop_ms_max'] or 0.0:.0f} ms"
    )
    for name, row in figures["by_fault"].items():
        for problem in row["problems"]:
            console.print(f"{name}, {problem}", style="red")
