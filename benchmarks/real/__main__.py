# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.real`: short for `python -m benchmarks real`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.real.command import real

if __name__ == "__main__":
    app = typer.Typer(
        name="real", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(real)
    run(app)
