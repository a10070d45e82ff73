# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.patients`: short for `python -m benchmarks patients`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.patients.command import patients

if __name__ == "__main__":
    app = typer.Typer(
        name="patients", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(patients)
    run(app)
