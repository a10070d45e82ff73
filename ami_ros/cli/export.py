# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export`: write model.pt from a training checkpoint, without training further."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    out: Annotated[Path, typer.Option(help="Model to write.")],
    data: Annotated[
        Path | None, typer.Option(help="The episodes that it was trained on [data/<robot>_<task>].")
    ] = None,
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    task: Annotated[str, typer.Option(help="Task: config/tasks/<name>.yaml.")] = "reach",
    steps: Annotated[int | None, typer.Option(help="As given to train [config/training.yaml].")] = None,
    seed: Annotated[int | None, typer.Option(help="As given to train [config/training.yaml].")] = None,
) -> None:
    """Fit the metric, measure the gates and export what an unfinished training run has so far.

    Example: ami-ros export runs/panda_reach/checkpoint.pt --out /tmp/model.pt
    """
    from ami_ros.system.waiting_threads import let_waiting_threads_sleep

    let_waiting_threads_sleep()

    from ami_ros.cli.training_run import prepare_run
    from ami_ros.model.export import export as write
    from ami_ros.system.whole_file import check_writable
    from ami_ros.training.pipeline import finish

    check_writable(out)
    run = prepare_run(robot, task, data, steps=steps, seed=seed)
    run.trainer.resume(checkpoint)
    contract = finish(run.trainer.model, run.split, run.spec, task, run.settings)
    typer.echo(f"{out}  sha256 {write(run.trainer.model, contract, out)}")
