# SPDX-License-Identifier: Apache-2.0
"""`ami-ros model`: make a shipped model from nothing, with its card."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer


def model(
    task: Annotated[str, typer.Option(help="Task: config/tasks/<name>.yaml.")] = "reach",
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    out: Annotated[Path | None, typer.Option(help="Folder to write [models/<robot>_<task>].")] = None,
    work: Annotated[Path | None, typer.Option(help="Episodes and checkpoints [runs/<robot>_<task>].")] = None,
    episodes: Annotated[int, typer.Option(help="Closed-loop episodes behind the card's figures.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the first of them.")] = 9001,
) -> None:
    """Collect, train, export, evaluate, and write MODEL_CARD.md. Killed, it goes on where it was.

    Example: ami-ros model --task reach
    """
    from ami_ros.cli.collect import collect
    from ami_ros.cli.evaluate import evaluate
    from ami_ros.cli.folders import folder_name, run_folder
    from ami_ros.cli.train import train
    from ami_ros.model.files import read_contract, sha256_of
    from ami_ros.report.model_card import model_card

    name = folder_name(robot, task)
    out, work = out or Path("models", name), work or run_folder(robot, task)
    path, data, figures = out / "model.pt", work / "episodes", work / "figures.json"
    stages_s: dict[str, float] = {}
    started = time.monotonic()

    def done(stage: str) -> None:
        stages_s[stage] = time.monotonic() - started - sum(stages_s.values())

    collect(out=data, task=task, robot=robot)
    done("collect")
    train(data=data, out=work / "model.pt", robot=robot, task=task)
    out.mkdir(parents=True, exist_ok=True)
    for source in (work / "model.pt", work / "model.pt.sha256"):
        (out / source.name).write_bytes(source.read_bytes())
    done("train")
    evaluate(task=task, model=path, robot=robot, episodes=episodes, seed=seed, json_file=figures)
    done("evaluate")
    card = model_card(
        read_contract(path), sha256_of(path), json.loads(figures.read_text()), stages_s, f"models/{name}"
    )
    (out / "MODEL_CARD.md").write_text(card)
    typer.echo(
        f"{out}: " + ", ".join(f"{stage} {seconds / 60:.1f} min" for stage, seconds in stages_s.items())
    )
