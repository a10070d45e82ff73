# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench soak`: does anything grow, get slower or stay behind when the nodes run for long?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.bench.soak import Soak
    from ami_ros.evaluation.experiment import Experiment


def soak(
    hours: Annotated[float, typer.Option(help="Duration, in the robot's time.")] = 1.0,
    seed: options.Seed = 9701,
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    json_file: options.Json = None,
    plot: Annotated[Path | None, typer.Option(help="Plot memory over time to this PNG file.")] = None,
    logs: options.Logs = None,
) -> None:
    """Run episode after episode through ROS 2, in lock-step, and watch memory, threads and deadlines.

    Growth is that of the process that grew most, from the first minute on. The file always has the figures
    so far; Ctrl-C ends the run and shows them.

    Example: ami-ros bench soak --hours 8 --json soak.json --plot soak.png
    """
    import dataclasses
    import math

    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import MOST_EPISODES, prepare
    from ami_ros.evaluation.figures import step_s
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    experiment = prepare(robot, task, model, seed=seed)
    require("sim", "ros", *(["train"] if plot else []))
    check_writable(json_file, plot)
    episode_s = experiment.load_task().episode_steps * step_s(experiment)
    most = MOST_EPISODES * episode_s / 3600.0
    if not 0.0 < hours <= most:
        raise ConfigError(f"hours: got {hours}, expected a positive number up to {most:g}")
    episodes = math.ceil(3600.0 * hours / episode_s)
    experiment = dataclasses.replace(experiment, seeds=tuple(range(seed, seed + episodes)))
    measure_soak(experiment, episode_s, logs or Path(tempfile.mkdtemp(prefix="ami_ros_")), json_file, plot)


def measure_soak(
    experiment: Experiment,
    episode_s: float,
    logs: Path,
    json_file: Path | None = None,
    plot: Path | None = None,
) -> dict[str, Any]:
    """Run the experiment's episodes, write and print the figures, and return them.

    Args:
        experiment: its robot, planner and seeds.
        episode_s: the robot's time in an episode.
        logs: takes one log file per node.
        json_file: for the figures, also while it runs; None for none.
        plot: for memory over time; None for none.

    Raises:
        ProcessError: a node died; with the end of its log.
    """
    from ami_ros.bench.soak import Soak
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.figures import write_json
    from ami_ros.evaluation.ros_episodes import RosRunner
    from ami_ros.report.machine import hardware, versions

    soak = Soak(episode_s, experiment.planner.deadline_s)
    about = {"robot": experiment.spec.name, "task": experiment.task, "seed": experiment.seeds[0]}
    about |= {"model_sha256": experiment.sha256, "hardware": hardware(), "versions": versions()}
    faults: dict[str, int] = {}
    try:
        with (
            progress_bar("soak", len(experiment.seeds)) as bar,
            RosRunner(experiment, logs, real_time=False) as runner,
        ):
            soak.watch(runner.pids())
            for result in runner.episodes():
                looked, faults = soak.add(result), runner.faults
                bar.update(1, f"{soak.robot_s / 3600.0:.2f} h")
                if looked:
                    write_json(json_file, {**soak.figures(), "faults": faults, **about})
    finally:
        figures = {**soak.figures(), "faults": faults, **about}
        if soak.episodes:
            try:
                write_json(json_file, figures)
                _draw(plot, figures)
            finally:
                _print(figures, soak)
    return figures


def _draw(plot: Path | None, figures: dict[str, Any]) -> None:
    """Draw memory over time; nothing without a path, or without a look at it."""
    if plot is not None and figures["looks_s"]:
        from ami_ros.report.plots import lines
        from ami_ros.system.whole_file import write_whole

        hours = [seen / 3600.0 for seen in figures["looks_s"]]
        curves = {name: list(zip(hours, seen, strict=True)) for name, seen in figures["rss_mb"].items()}
        write_whole(plot, lines(curves, "robot's time [h]", "memory [MB]"))


def _print(figures: dict[str, Any], soak: Soak) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    title = f"{figures['hours']:.2f} h of the robot's time, {figures['episodes']} episodes"
    table = Table("process", "MB at first", "MB at last", "threads at first", "at last", title=title)
    for name, seen in figures["rss_mb"].items():
        if seen:
            threads = figures["threads"][name]
            table.add_row(name, *map(str, (seen[0], seen[-1], threads[0], threads[-1])))
    console = Console()
    console.print(table)
    lower, upper = figures["success_ci"]
    console.print(
        f"goals reached {figures['success']:.3f} ({lower:.3f} to {upper:.3f}); deadlines missed "
        f"{figures['deadline_misses']} of {figures['plans']}; /dev/shm {figures['shm_mb_start']} MB before, "
        f"{figures['shm_mb_end']} MB after, left over: {', '.join(soak.shm_left) or 'nothing'}; "
        f"{figures['robot_s_per_wall_s']:.1f} times real time"
    )
