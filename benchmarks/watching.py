# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks watching`: what it costs planner and gate that somebody watches."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.sim.loop.closed_loop import EpisodeResult

SETTLE_S = 4.0  # from the watcher's start until it listens, and from its end until nobody computes for it


def watching(
    robot: options.Robot = None,
    task: options.Task = None,
    episodes: Annotated[int, typer.Option(help="Episodes, every second one watched.", min=2)] = 12,
    seed: options.Seed = 1,
    json_file: options.Json = None,
) -> None:
    """Run episodes in real time through ROS, every second one under `ami-ros watch`, and compare the rates.

    Example: python -m benchmarks watching --robot panda --task reach --json watching.json
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.evaluation.ros_episodes import RosRunner
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    require("ros", "sim", "watch")
    check_writable(json_file)
    configuration = Configuration.load(robot, task)
    experiment = prepare(
        configuration.spec.name, configuration.task_name, None, None, episodes, seed, "image"
    )
    results: dict[bool, list[EpisodeResult]] = {False: [], True: []}
    with (
        tempfile.TemporaryDirectory() as folder,
        RosRunner(experiment, Path(folder), real_time=True) as runner,
        progress_bar("episodes", episodes) as bar,
    ):
        found = runner.episodes()
        for number in range(episodes):
            watched = number % 2 == 1
            with _watched(configuration, Path(folder, "watched.rrd")) if watched else nullcontext():
                results[watched].append(next(found))
            bar.update(1)
    rates = {"watched" if on else "alone": _rates(some) for on, some in results.items()}
    figures: dict[str, Any] = {
        **rates,
        "lost_share": {
            name: 1.0 - rates["watched"][name] / rates["alone"][name]
            for name in ("plans_per_s", "gate_verdicts_per_s")
        },
        "episodes": episodes,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


@contextmanager
def _watched(configuration: Configuration, file: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "ami_ros.cli.main", "watch", "--save", str(file)]
    command += ["--robot", configuration.spec.name, "--task", configuration.task_name]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watcher:
        try:
            time.sleep(SETTLE_S)
            yield
        finally:
            watcher.send_signal(signal.SIGINT)
    time.sleep(SETTLE_S)


def _rates(results: Sequence[EpisodeResult]) -> dict[str, float]:
    plans = np.concatenate([result.plan_ms[np.isfinite(result.plan_ms)] for result in results])
    seconds = sum(result.wall_s for result in results)
    return {
        "plans_per_s": len(plans) / seconds,
        "plan_ms_p50": float(np.quantile(plans, 0.5)),
        "plan_ms_p99": float(np.quantile(plans, 0.99)),
        "gate_verdicts_per_s": sum(sum(result.levels.values()) for result in results) / seconds,
        "arrived": sum(result.arrived_step is not None for result in results),
    }


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("", "alone", "watched", "lost", title=f"{figures['episodes']} episodes in real time")
    for name, value in figures["alone"].items():
        lost = figures["lost_share"].get(name)
        table.add_row(
            name, f"{value:.4g}", f"{figures['watched'][name]:.4g}", "" if lost is None else f"{lost:.1%}"
        )
    Console().print(table)
