# SPDX-License-Identifier: Apache-2.0
"""`ami-ros record`: a robot's sensors and commands, as rosbag2 MCAP."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.recordings.bags.recording import RecordingStatus
    from ami_ros.ros.recorder.node import Names


def record(
    out: Annotated[Path, typer.Option(help="Folder of the recording, new or empty.")],
    robot: options.Robot = None,
    task: options.Task = None,
    max_gb: Annotated[
        float | None,
        typer.Option(help="Size of all files; above it, the oldest tenth is deleted [config/recorder.yaml]."),
    ] = None,
    thoughts: Annotated[
        bool,
        typer.Option("--thoughts", help="Also paths turned down and expected pictures, to watch."),
    ] = False,
    use_sim_time: Annotated[
        bool, typer.Option("--use-sim-time", help="Take the time from /clock and record it.")
    ] = False,
) -> None:
    """Record all of the robot's topics until Ctrl-C: sensors, goals, proposals, verdicts and commands.

    It listens in this shell's ROS_DOMAIN_ID, decodes nothing, and takes no part in what the robot does. What
    was heard is on the disk within a second, whatever ends the process; other programs read the folder, too
    (ros2 bag info, ros2 bag play).

    Example: ami-ros record --robot panda --out recordings/monday

    A camera that is elsewhere: ami-ros record --out monday --ros-args -r camera/image_raw:=/front/image
    """
    import json
    import os
    import sys

    from rich.live import Live

    from ami_ros.configuration import Configuration
    from ami_ros.launching.environment import dds_environment
    from ami_ros.settings.share import config_path
    from ami_ros.system.extras import require
    from ami_ros.system.processes import command_line
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    configuration = Configuration.load(robot, task)
    require("ros", "record")
    from ami_ros.recordings.bags.bag_writer import METADATA_FILE, check_new_bag

    check_writable(out / METADATA_FILE)
    check_new_bag(out)
    # Before anything of ROS is there: large images arrive.
    os.environ.update(dds_environment(config_path("dds", "large_data_shm.xml"), os.environ))
    from ami_ros.ros.recorder.node import record as run_recorder

    parameters: dict[str, Any] = {
        **configuration.node_parameters,
        "out": str(out),
        "use_sim_time": use_sim_time,
        **({"thoughts": True} if thoughts else {}),
    }
    parameters |= {} if max_gb is None else {"max_gb": max_gb}
    argv = ["--ros-args"]
    for name, value in parameters.items():
        argv += ["-p", f"{name}:={json.dumps(value)}"]
    shown: list[tuple[RecordingStatus, Names]] = []
    with Live(_line(None), console=Console(stderr=True), refresh_per_second=2, transient=True) as live:

        def watch(status: RecordingStatus, names: Names) -> None:
            shown[:] = [(status, names)]
            live.update(_line(status))

        code = run_recorder([*argv, *command_line(sys.argv)[1]], watch)
    if shown:
        _print(*shown[0], configuration, out)
    raise typer.Exit(code)


def _line(status: RecordingStatus | None) -> str:
    if status is None:
        return "listening; Ctrl-C ends the recording"
    newest = f"{status.counts.total()} messages, {status.size / 1e6:.1f} MB; Ctrl-C ends the recording"
    return newest + (f"; the disk is too slow: {status.dropped.total()} dropped" if status.dropped else "")


def _print(status: RecordingStatus, names: Names, configuration: Configuration, out: Path) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("topic", "messages", "dropped")
    for topic in sorted({**status.counts, **status.dropped}):
        table.add_row(topic, str(status.counts[topic]), str(status.dropped[topic]))
    Console().print(table)
    if status.removed:
        say(f"the space was used up: the {status.removed} oldest files were deleted; see --max-gb")
    for sensor in configuration.spec.sensors:
        if not any(status.counts[topic] for topic in names[sensor]):
            say(f"received nothing from {sensor} on {names[sensor][0]}", err=True)
    say(
        f"{out}: {status.size / 1e6:.1f} MB. "
        f"Next: ami-ros import {quote(str(out))} {configuration.options}"
        f"{_elsewhere(status, names, configuration)}"
    )


def _elsewhere(status: RecordingStatus, names: Names, configuration: Configuration) -> str:
    """Return the options without which an import would not find what was heard under another name."""
    from ami_ros.ros.recorder.topics import imported_topics

    options = ""
    for role, usual in imported_topics(configuration.spec).items():
        heard = max(names[role], key=lambda topic: status.counts[topic])
        if status.counts[heard] and not heard.endswith(tuple(f"/{topic.lstrip('/')}" for topic in usual)):
            options += f" --topic {role}={heard}"
    return options
