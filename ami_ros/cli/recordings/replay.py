# SPDX-License-Identifier: Apache-2.0
"""`ami-ros replay`: a recording in front of planner and gate, without a robot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say


def replay(
    bag: Annotated[Path, typer.Argument(help="A rosbag2 folder or file, MCAP or SQLite.")],
    robot: options.Robot = None,
    task: options.Task = None,
    model: options.Model = None,
    topics: Annotated[
        list[str], typer.Option("--topic", help="NAME=/TOPIC of a sensor; may be repeated.")
    ] = [],  # noqa: B006, typer wants a list
    speed: Annotated[float, typer.Option(help="Factor of the recorded speed.")] = 1.0,
    json_file: options.Json = None,
    logs: options.Logs = None,
) -> None:
    """Play a recording to a planner and a gate of its own, and tell what they would have done.

    Goals are those of the recording; without any, the planner is shown its last pictures. The recorded robot
    does not follow, so the gate does not judge how far it is from its commands. Emergency stops are
    not played.

    Example: ami-ros replay recordings/monday --robot panda --task reach

    Another model: ami-ros replay recordings/monday --model runs/panda_reach/model.pt --json replay.json
    """
    import tempfile

    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.model.files import read_verified
    from ami_ros.planning.judged import check_may_plan
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    configuration = Configuration.load(robot, task)
    model = configuration.model_path(model)
    check_may_plan(read_verified(model).contract(), configuration.planner, str(model))
    require("ros", "record")
    from ami_ros.evaluation.replayed import RecordedRobot, checked_speed, replay_figures
    from ami_ros.recordings.importing.roles import parse_topics

    checked_speed(speed)
    check_writable(json_file)
    recorded = RecordedRobot(configuration, bag, parse_topics(topics))
    logs = logs or Path(tempfile.mkdtemp(prefix="ami_ros_"))  # kept: an error names the log in it
    with progress_bar("replay", recorded.messages) as bar:
        bar.update(0, "starting planner and gate")
        heard = recorded.play(model, speed, logs, lambda count: bar.update(count, bag.name))
    for problem in recorded.problems:
        say(problem, typer.colors.RED, err=True)
    figures = replay_figures(heard)
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("", "", show_header=False)
    for name, value in figures.items():
        if isinstance(value, dict):
            text = ", ".join(f"{key} {count}" for key, count in value.items() if count) or "none"
        elif isinstance(value, float):
            text = f"{value:.2f}"
        else:
            text = "unknown" if value is None else str(value)
        table.add_row(name.replace("_", " "), text)
    Console().print(table)
