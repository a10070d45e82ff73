# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks`: a verb for each benchmark."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.curve.command import curve
from benchmarks.four_room.command import four_room
from benchmarks.grasping import grasping
from benchmarks.judging.command import judging
from benchmarks.kills import kills
from benchmarks.other_blocks import other_blocks
from benchmarks.patients.command import patients
from benchmarks.point_maze.command import point_maze
from benchmarks.process.command import process
from benchmarks.process.faults import plant_faults
from benchmarks.real.command import real
from benchmarks.recovery import recovery
from benchmarks.turbofan.command import turbofan
from benchmarks.two_room.command import two_room
from benchmarks.watching import watching

app = typer.Typer(
    name="benchmarks",
    help="Benchmarks of the design: what researchers run.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command()(curve)
app.command("four-room")(four_room)
app.command()(grasping)
app.command()(judging)
app.command()(kills)
app.command("other-blocks")(other_blocks)
app.command()(patients)
app.command("point-maze")(point_maze)
app.command("plant-faults")(plant_faults)
app.command()(process)
app.command()(real)
app.command()(recovery)
app.command("two-room")(two_room)
app.command()(turbofan)
app.command()(watching)

if __name__ == "__main__":
    run(app)
