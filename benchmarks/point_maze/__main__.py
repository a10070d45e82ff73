# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.point_maze`: short for `python -m benchmarks point-maze`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.point_maze.command import point_maze

if __name__ == "__main__":
    app = typer.Typer(
        name="point-maze", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(point_maze)
    run(app)
