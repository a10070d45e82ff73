# SPDX-License-Identifier: Apache-2.0
"""`ami-ros demo`: ten goals by image through ROS 2, with a table, a report page and a video."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.cli.demo_table import DemoTable
    from ami_ros.evaluation.experiment import Experiment
    from ami_ros.sim.loop.closed_loop import EpisodeResult
    from ami_ros.system.terminal import Console

NEEDED_SHARE = 0.9  # of the goals within the loosest threshold of the task, for exit code 0


def demo(
    goals: Annotated[int, typer.Option(help="Goals to show the planner.")] = 10,
    seed: options.Seed = 1,
    out: Annotated[
        Path, typer.Option(help="Folder of report.html, video.mp4, results.json and logs.")
    ] = Path("demo"),
    real_time: options.RealTime = False,
    attach: Annotated[
        bool, typer.Option("--attach", help="Use nodes that already run in this ROS_DOMAIN_ID.")
    ] = False,
    goal_via: options.Goal = "image",
    task: options.Task = None,
    robot: options.Robot = None,
    model: options.Model = None,
    planner: options.Solver = None,
    baselines: options.Baselines = True,
    video: Annotated[bool, typer.Option(help="Make the video, which takes about half of the time.")] = True,
) -> None:
    """Show the robot ten goal pictures and let it go there: simulator, planner and gate over real DDS.

    A body without cameras receives the value that a sensor shall measure. Exit code 0 when at least nine of
    ten goals end within the task's loosest threshold (5 cm, or the tolerance of its sensor), else 1.

    Example: ami-ros demo

    Watch it live in RViz: ami-ros demo --real-time, and set ROS_DOMAIN_ID as printed.

    A block to push: ami-ros demo --task push

    Other goals: ami-ros demo --seed 100 --goals 20 --out demo_100
    """
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.system.extras import require
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.whole_file import check_writable

    experiment = prepare(robot, task, model, planner, goals, seed, goal_via)
    require("ros", "sim", "train")
    from ami_ros.cli.demo_report import FILES, write_report  # seconds: after the checks
    from ami_ros.cli.demo_table import DemoTable
    from ami_ros.system.terminal import Console

    command = _command(experiment, model, out)
    command += " --real-time" * real_time + " --attach" * attach
    command += " --no-baselines" * (not baselines) + " --no-video" * (not video)
    table, console = DemoTable(goals, experiment.goal, experiment.load_task().yardstick), Console()
    with only_one("demo", out), ExitStack() as ended:
        check_writable(*(out / name for name in FILES))
        if not console.is_terminal:  # it cannot grow there, and comes when all files are written
            ended.callback(console.print, table)
        results, faults = _episodes(experiment, table, console, out, real_time, attach)
        reached = write_report(experiment, results, faults, out, command, baselines, video)
    near = results[0].yardstick.loosest.text
    say(f"{reached} of {goals} goals within {near}. See {out / 'report.html'}")
    raise typer.Exit(0 if reached >= NEEDED_SHARE * goals else 1)


def _command(experiment: Experiment, model: Path | None, out: Path) -> str:
    """Return the command that runs the same episodes again, and writes to the same folder."""
    seeds, via = experiment.seeds, "joints" if experiment.by_joints else "image"
    command = f"ami-ros demo --goals {len(seeds)} --seed {seeds[0]} {experiment.configuration.options}"
    command += f" --planner {experiment.planner.solver} --goal-via {via}"
    command += "" if model is None else f" --model {quote(str(model))}"
    return f"{command} --out {quote(str(out))}"


def _episodes(
    experiment: Experiment, table: DemoTable, console: Console, out: Path, real_time: bool, attach: bool
) -> tuple[list[EpisodeResult], dict[str, Any]]:
    """Run the episodes under a table that grows."""
    from rich.live import Live

    from ami_ros.evaluation.ros_episodes import RosRunner

    results: list[EpisodeResult] = []
    live = Live(table, console=console, refresh_per_second=4) if console.is_terminal else nullcontext()
    with live:
        try:
            with RosRunner(experiment, out / "logs", real_time, attach, films=True) as runner:
                table.domain_id = runner.domain_id
                for result in runner.episodes():
                    results.append(result)
                    table.add(result)
        finally:
            table.finish()
    return results, dict(runner.faults)
