# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export`: write model.pt from a training checkpoint, without training further."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ami_ros.cli import options


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    out: Annotated[Path, typer.Option(help="Model to write.")],
    data: options.Data = None,
    robot: options.Robot = None,
    task: options.Task = None,
    steps: options.Steps = None,
    seed: options.TrainingSeed = None,
) -> None:
    """Fit the metric, measure the gates and export what an unfinished training run has so far.

    Example: ami-ros export runs/panda_reach/checkpoint.pt --out /tmp/model.pt
    """
    from ami_ros.system.waiting_threads import let_waiting_threads_sleep

    let_waiting_threads_sleep()

    from ami_ros.cli.training_run import prepare_run
    from ami_ros.configuration import Configuration
    from ami_ros.model.export import export as write
    from ami_ros.system.whole_file import check_writable

    check_writable(out)
    given = {"training": {"steps": steps, "seed": seed}}
    run = prepare_run(Configuration.load(robot, task, given), data)
    run.trainer.resume(checkpoint)
    typer.echo(f"{out}  sha256 {write(run.trainer.model, run.finish(), out)}")
