# SPDX-License-Identifier: Apache-2.0
"""`ami-ros doctor`: check this machine, and say what to do about every failure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.doctor.finding import Finding
    from ami_ros.system.terminal import Console

LISTEN_S = 5.0
LEAST_S, MOST_S = 1.0, 600.0
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}  # level of a finding -> how it is marked


def doctor(
    robot: options.Robot = None,
    task: options.Task = None,
    model: options.Model = None,
    live: Annotated[
        bool, typer.Option("--live", help="Listen to the robot's topics and compare them with its YAML.")
    ] = False,
    seconds: Annotated[float | None, typer.Option(help="Time to listen, with --live [5].")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the findings to this file.")] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Draw the camera's view of an arm to this PNG file: at home, with all of its workspace."
        ),
    ] = None,
) -> None:
    """Check Python, torch, ROS 2, plugins, DDS, disk, threads, a robot's files and model, and live topics.

    Exit code 0 when nothing failed, else 1. A warning is something that works, but could be better.

    Example: ami-ros doctor --json doctor.json

    Of a new robot: ami-ros doctor --robot ./PATH --picture look.png

    Of a robot that runs: ami-ros doctor --robot panda --live. It listens in this shell's ROS_DOMAIN_ID,
    moves nothing, and leaves out what a robot does not need (simulator, training).

    In a namespace: ami-ros doctor --live --ros-args -r __ns:=/left
    """
    import dataclasses

    from rich.table import Table
    from rich.text import Text

    from ami_ros.configuration import options_of
    from ami_ros.doctor.checks import all_checks
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    listen_s = _listen_s(live, seconds)
    check_writable(json_file, picture)
    console = Console()
    table = Table("check", "", "found", "what to do")
    with console.status("checking"):
        findings = [check() for check in all_checks(robot, task, model, prepare, live)]
    if live:
        findings += _live(console, robot, task, listen_s)
    for finding in findings:
        mark = Text(finding.level, COLOURS[finding.level])
        table.add_row(finding.name, mark, finding.found, finding.advice)
    healthy = all(finding.level != "fail" for finding in findings)
    rows = [dataclasses.asdict(finding) for finding in findings]
    try:
        write_json(json_file, {"ok": healthy, "checks": rows, "hardware": hardware(), "versions": versions()})
        if picture is not None:
            _draw(picture, robot, task)
    finally:
        console.print(table)
    if picture is not None:
        say(f"wrote {picture}")
    if live and healthy:
        named = options_of(robot, task)
        say(f"The topics fit. Next: ami-ros explore{named}, while ami-ros record{named} --out FOLDER runs")
    raise typer.Exit(0 if healthy else 1)


def _listen_s(live: bool, seconds: float | None) -> float:
    from ami_ros.errors import ConfigError

    if seconds is None:
        return LISTEN_S
    if not live:
        raise ConfigError("--seconds: got no --live, expected it with a time to listen for")
    if not LEAST_S <= seconds <= MOST_S:
        raise ConfigError(f"--seconds: got {seconds}, expected {LEAST_S:g} to {MOST_S:g}")
    return seconds


def _live(console: Console, robot: str | None, task: str | None, seconds: float) -> list[Finding]:
    from ami_ros.cli.live_topics import hear
    from ami_ros.configuration import Configuration
    from ami_ros.doctor.finding import Finding
    from ami_ros.doctor.live.checks import live_checks
    from ami_ros.errors import AmiError

    try:
        configuration = Configuration.load(robot, task)
        with console.status(f"listening for {seconds:g} s"):
            return live_checks(configuration, hear(configuration, seconds))
    except AmiError as error:
        return [Finding("live topics", "fail", str(error), "see ROS 2, ROS domain and robot above")]


def _draw(picture: Path, robot: str | None, task: str | None) -> None:
    from ami_ros.configuration import Configuration
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import write_whole

    require("sim", "train")
    from ami_ros.report.pictures import png
    from ami_ros.report.robot_picture import robot_picture

    configuration = Configuration.load(robot, task)
    write_whole(picture, png(robot_picture(configuration.spec, configuration.sim.physics_hz)))
