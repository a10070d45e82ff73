# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export`: write model.pt from a training checkpoint, without training further."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    out: Annotated[Path, typer.Option(help="Model to write.")],
    data: Annotated[Path, typer.Option(help="The episodes that it was trained on.")] = Path(
        "data/panda_reach"
    ),
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    task: Annotated[str, typer.Option(help="Name of the task, for the contract.")] = "reach",
) -> None:
    """Fit the metric, measure the gates and export what an unfinished training run has so far.

    Example: ami-ros export runs/panda_reach/checkpoint.pt --out /tmp/model.pt
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.data.episode import list_episodes
    from ami_ros.embodiment import load_robot
    from ami_ros.model.export import export as write
    from ami_ros.model.settings import load_model_settings
    from ami_ros.training.pipeline import build_trainer, finish, load_split
    from ami_ros.training.settings import load_training_settings

    settings = load_training_settings()
    spec, paths = load_robot(robot), list_episodes(data)
    with progress_bar("read", len(paths)) as bar:
        split = load_split(paths, settings.held_out, bar.update)
    trainer = build_trainer(split, spec, load_model_settings(), settings)
    trainer.resume(checkpoint)
    typer.echo(
        f"{out}  sha256 {write(trainer.model, finish(trainer.model, split, spec, task, settings), out)}"
    )
