# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench`: what this machine delivers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SIZES = ["320x240", "640x480", "1280x720"]
BUDGETS = ["32x5x2", "128x5x4", "300x5x10"]
MAX_LOSS = 0.01  # share of images; more is shown in red

bench = typer.Typer(
    help="Measure what this machine delivers.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)


@bench.command()
def camera(
    size: Annotated[
        list[str], typer.Option(help="Image size, WIDTHxHEIGHT; may be given several times.")
    ] = SIZES,
    rate: Annotated[float, typer.Option(help="Images per second.")] = 30.0,
    seconds: Annotated[float, typer.Option(help="Length of the stream, per size.")] = 10.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Send rgb8 images from one process to another, as a camera does to the planner, and count what arrives.

    Example: ami-ros bench camera --json camera.json

    One size, for a minute: ami-ros bench camera --size 640x480 --seconds 60
    """
    from rich.console import Console
    from rich.table import Table

    from ami_ros.bench.camera import bench_camera
    from ami_ros.cli.extras import require
    from ami_ros.cli.figures import write_json
    from ami_ros.cli.image_size import parse_size
    from ami_ros.cli.progress import progress_bar

    sizes = [parse_size(text) for text in size]
    require("ros")
    figures = {}
    with progress_bar("camera", len(sizes)) as bar:
        for width, height in sizes:
            bar.update(0, f"{width}x{height}, {rate:g} Hz, {seconds:g} s")
            figures.update(bench_camera([(width, height)], rate, seconds))
            bar.update(1)
    if json_file is not None:
        write_json(json_file, figures)
    table = Table(
        "size", "sent", "received", "loss", "p50 ms", "p99 ms", title=f"rgb8 at {rate:g} Hz over DDS"
    )
    for name, row in figures.items():
        times = (
            "-" if row[key] is None else f"{row[key]:.1f}" for key in ("latency_ms_p50", "latency_ms_p99")
        )
        style = "red" if row["loss"] > MAX_LOSS else ""
        table.add_row(name, str(row["sent"]), str(row["received"]), f"{row['loss']:.1%}", *times, style=style)
    Console().print(table)


@bench.command()
def planner(
    model: Annotated[
        Path | None, typer.Option(help="A model.pt; default: models/<robot>_<task>/model.pt.")
    ] = None,
    task: Annotated[str, typer.Option(help="Task, to find the shipped model.")] = "reach",
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    solver: Annotated[str | None, typer.Option(help="cem or mppi [config/planner.yaml].")] = None,
    budget: Annotated[
        list[str], typer.Option(help="SAMPLESxHORIZONxITERATIONS, beside the shipped one; may be repeated.")
    ] = BUDGETS,
    plans: Annotated[int, typer.Option(help="Plans per budget.")] = 200,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Time plans, from camera image to actions, beside the processor's own limit (a large matrix product).

    Example: ami-ros bench planner --json planner.json

    Other budgets: ami-ros bench planner --budget 128x5x4 --budget 300x5x10
    """
    import torch
    from rich.console import Console
    from rich.table import Table

    from ami_ros.bench.planner import bench_planner
    from ami_ros.cli.experiment import prepare
    from ami_ros.cli.figures import write_json
    from ami_ros.cli.plan_budget import parse_budget
    from ami_ros.cli.progress import progress_bar
    from ami_ros.model.runtime import load_model
    from ami_ros.report.machine import hardware, versions

    budgets = [parse_budget(text) for text in budget]
    wanted = prepare(robot, task, model, solver, episodes=1, seed=0, goal="image")
    torch.set_num_threads(wanted.planner.threads)
    runtime = load_model(wanted.model, wanted.spec)
    with progress_bar("plan", len(budgets) + 1) as bar:
        figures = bench_planner(
            runtime, wanted.spec, wanted.planner, budgets, plans, lambda budget: bar.update(1, str(budget))
        )
    figures |= {"model_sha256": wanted.sha256, "hardware": hardware(), "versions": versions()}
    if json_file is not None:
        write_json(json_file, figures)
    title = f"{figures['solver']}, {figures['threads']} thread"
    table = Table(
        "samples x horizon x iterations", "p50 ms", "p99 ms", "MFLOP", "GFLOP/s", "of roof", title=title
    )
    for name, row in figures["budgets"].items():
        cells = (row["plan_ms_p50"], row["plan_ms_p99"], row["flops"] / 1e6, row["gflops"])
        table.add_row(name, *(f"{cell:.1f}" for cell in cells), f"{row['roof_share']:.0%}")
    Console().print(table)
