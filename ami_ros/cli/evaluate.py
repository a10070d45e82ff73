# SPDX-License-Identifier: Apache-2.0
"""`ami-ros evaluate`: success, time to reach and plan time over many episodes, against baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ami_ros.cli.experiment import Experiment
    from ami_ros.sim.closed_loop import EpisodeResult

VIA = ("direct", "ros")


def evaluate(
    task: Annotated[str, typer.Option(help="Task: config/tasks/<name>.yaml.")] = "reach",
    model: Annotated[
        Path | None, typer.Option(help="A model.pt; default: models/<robot>_<task>/model.pt.")
    ] = None,
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    planner: Annotated[
        str | None,
        typer.Option(
            help="cem or mppi; without search: inverse_model, random, hold; default: config/planner.yaml."
        ),
    ] = None,
    via: Annotated[
        str, typer.Option(help="direct: in this process; ros: three processes over DDS.")
    ] = "direct",
    episodes: Annotated[int, typer.Option(help="Episodes, with seeds SEED, SEED + 1, ...")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the first episode.")] = 7001,
    goal: Annotated[str, typer.Option(help="What the planner is given: image or joints.")] = "image",
    baselines: Annotated[bool, typer.Option(help="Also run random, hold and inverse_model.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    logs: Annotated[Path | None, typer.Option(help="Folder for the nodes' logs (via ros).")] = None,
) -> None:
    """Measure how often, how fast and how surely the robot reaches its goals.

    Success is judged by the true distance at the end of an episode; the planner never learns it, and decides
    by itself that it has arrived. Intervals are Wilson's, at 95 %.

    Example: ami-ros evaluate --task reach --episodes 50 --json figures.json

    Through ROS 2: ami-ros evaluate --via ros --episodes 50 --seed 7001

    Another planner: ami-ros evaluate --planner mppi --no-baselines
    """
    from rich.console import Console

    from ami_ros.cli.experiment import prepare
    from ami_ros.cli.extras import require
    from ami_ros.cli.figures import comparison, figures, write_json
    from ami_ros.errors import ConfigError

    if via not in VIA:
        raise ConfigError(f"unknown way {via!r}: --via is one of {', '.join(VIA)}")
    experiment = prepare(robot, task, model, planner, episodes, seed, goal)
    require("sim", *(["ros"] if via == "ros" else []))
    results, compared, more = _measure(experiment, via, baselines, logs)
    values = figures(experiment, via, results, compared, **more)
    if json_file is not None:
        write_json(json_file, values)
    Console().print(comparison(f"{experiment.planner.solver} ({via})", values, compared))


def _measure(
    experiment: Experiment, via: str, baselines: bool, logs: Path | None
) -> tuple[list[EpisodeResult], dict[str, dict[str, Any]], dict[str, Any]]:
    from ami_ros.cli.baselines import baseline_names, run_baselines
    from ami_ros.cli.direct_episodes import DirectRunner
    from ami_ros.cli.progress import progress_bar

    count = len(experiment.seeds)
    results: list[EpisodeResult] = []
    more: dict[str, Any] = {}
    total = count * (1 + (len(baseline_names(experiment)) if baselines else 0))
    with progress_bar("evaluate", total) as bar:
        if via == "ros":
            more["faults"] = _through_ros(experiment, logs, results, bar)
            runner = DirectRunner(experiment) if baselines else None
        else:
            runner = DirectRunner(experiment)
            for result in runner.episodes():
                results.append(result)
                bar.update(1, _note(result))
        compared = {}
        if baselines and runner is not None:
            compared = run_baselines(experiment, runner, lambda name: bar.update(1, f"baseline {name}"))
    return results, compared, more


def _through_ros(
    experiment: Experiment, logs: Path | None, results: list[EpisodeResult], bar: Any
) -> dict[str, int]:
    import tempfile

    from ami_ros.cli.ros_episodes import RosRunner

    bar.update(0, "starting simulator, gate and planner")
    folder = logs or Path(tempfile.mkdtemp(prefix="ami_ros_"))  # kept: an error names the log in it
    with RosRunner(experiment, folder, real_time=False) as runner:
        for result in runner.episodes():
            results.append(result)
            bar.update(1, _note(result))
        return runner.faults


def _note(result: EpisodeResult) -> str:
    return f"seed {result.seed}: {result.error[-1] * 100:.1f} cm"
