# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.process`: short for `python -m benchmarks process`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.process.command import process

if __name__ == "__main__":
    app = typer.Typer(
        name="process", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(process)
    run(app)
