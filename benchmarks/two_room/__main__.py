# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.two_room`: short for `python -m benchmarks two-room`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.two_room.command import two_room

if __name__ == "__main__":
    app = typer.Typer(
        name="two-room", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(two_room)
    run(app)
