# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.turbofan`: short for `python -m benchmarks turbofan`."""

from __future__ import annotations

import typer

from ami_ros.cli.main import run
from benchmarks.turbofan.command import turbofan

if __name__ == "__main__":
    app = typer.Typer(
        name="turbofan", add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
    )
    app.command()(turbofan)
    run(app)
