# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench`: what this machine delivers."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from ami_ros.cli import options
from ami_ros.cli.benches.attacks import attacks
from ami_ros.cli.benches.explore import explore
from ami_ros.cli.benches.faults import faults
from ami_ros.cli.benches.gate import gate
from ami_ros.cli.benches.memory import memory
from ami_ros.cli.benches.names import names
from ami_ros.cli.benches.planner import planner
from ami_ros.cli.benches.soak import soak
from ami_ros.cli.benches.surprise import surprise
from ami_ros.errors import ConfigError, shown

SIZES = ["320x240", "640x480", "1280x720"]
LARGEST_SIDE = 16_384  # px
MAX_LOSS = 0.01  # share of images; more is shown in red


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of ``640x480``.

    Raises:
        ConfigError: it is written otherwise, or a side is zero or that of no camera.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    width, height = (int(side) for side in match.groups()) if match else (0, 0)
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ConfigError(
            f"image size: got {shown(text)}, expected WIDTHxHEIGHT in pixels up to {LARGEST_SIDE}, "
            "e.g. 640x480"
        )
    return width, height


bench = typer.Typer(
    help="Measure the performance of this machine.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@bench.command()
def camera(
    size: Annotated[
        list[str], typer.Option(help="Image size, WIDTHxHEIGHT; may be given several times.")
    ] = SIZES,
    rate: Annotated[float, typer.Option(help="Images per second.")] = 30.0,
    seconds: Annotated[float, typer.Option(help="Length of the stream, per size.")] = 10.0,
    json_file: options.Json = None,
) -> None:
    """Send rgb8 images from one process to another, as a camera does to the planner, and count what arrives.

    Example: ami-ros bench camera --json camera.json

    One size, for a minute: ami-ros bench camera --size 640x480 --seconds 60
    """
    from rich.table import Table

    from ami_ros.bench.camera import bench_camera
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.figures import write_json
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    sizes = [parse_size(text) for text in size]
    require("ros")
    check_writable(json_file)
    figures = {}
    with progress_bar("camera", len(sizes)) as bar:
        for width, height in sizes:
            bar.update(0, f"{width}x{height}, {rate:g} Hz, {seconds:g} s")
            figures.update(bench_camera([(width, height)], rate, seconds))
            bar.update(1)
    table = Table(
        "size", "sent", "received", "loss", "p50 ms", "p99 ms", title=f"rgb8 at {rate:g} Hz over DDS"
    )
    for name, row in figures.items():
        times = (
            "-" if row[key] is None else f"{row[key]:.1f}" for key in ("latency_ms_p50", "latency_ms_p99")
        )
        style = "red" if row["loss"] > MAX_LOSS else ""
        table.add_row(name, str(row["sent"]), str(row["received"]), f"{row['loss']:.1%}", *times, style=style)
    try:
        write_json(json_file, figures)
    finally:
        Console().print(table)


bench.command()(planner)
bench.command()(faults)
bench.command()(gate)
bench.command()(soak)
bench.command()(attacks)
bench.command()(surprise)
bench.command()(explore)
bench.command()(memory)
bench.command()(names)
