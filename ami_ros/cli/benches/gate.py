# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench gate`: does the gate keep its rate while the planner takes all it can get."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ami_ros.cli import options


def gate(
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    seconds: Annotated[float, typer.Option(help="How long to measure, each time.")] = 30.0,
    json_file: options.Json = None,
) -> None:
    """Time the gate's ticks while the planner runs at full load on the same two cores.

    Measured twice: with the gate's real-time priority (realtime_priority in config/safety_node.yaml), which
    needs the right to it, and without.

    Example: ami-ros bench gate --json gate.json
    """
    from ami_ros.bench.gate import bench_gate
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    wanted = prepare(robot, task, model)
    require("ros", "sim")
    check_writable(json_file)
    runs: dict[str, dict[str, Any]] = {}
    with progress_bar("gate", 2) as bar:
        for name, realtime in (("realtime", True), ("ordinary", False)):
            bar.update(0, f"{name} priority, {seconds:g} s")
            runs[name] = bench_gate(wanted.configuration, wanted.model, seconds, realtime)
            bar.update(1)
    figures = {**runs["realtime"], "ordinary_priority": runs["ordinary"]}
    figures |= {"hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, figures)
    finally:
        _print(Console(), runs)


def _print(console: Any, runs: dict[str, dict[str, Any]]) -> None:
    from rich.table import Table

    columns = ("tick_ms_p50", "tick_ms_p99", "jitter_ms_p99", "interval_ms_max", "rate_hz", "missed_ticks")
    title = f"the gate next to a planner at full load on {runs['realtime']['cores']} cores"
    table = Table("priority", *(name.replace("_", " ") for name in columns), "cpu share", title=title)
    for name, row in runs.items():
        table.add_row(name, *(f"{row[column]:.2f}" for column in columns), f"{row['cpu_share']:.0%}")
    console.print(table)
