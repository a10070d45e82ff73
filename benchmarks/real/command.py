# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks real`: a model of a real robot's recordings, measured on what was held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.body.robot_spec import RobotSpec
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.dataset import EpisodeSet
    from ami_ros.model.contract import Contract
    from ami_ros.model.networks.jepa import Jepa
    from ami_ros.training.latents import Encoded
    from ami_ros.training.pipeline import Split

MOMENTS = 150
CLIPS = 60


def real(
    data: Annotated[Path, typer.Option(help="Recording, or LeRobot data set.")],
    robot: Annotated[str, typer.Option(help="The robot's YAML, as from ami-ros new-robot DATASET.")],
    task: options.Task = "recorded",
    work: Annotated[
        Path | None, typer.Option(help="Folder of episodes and model [runs/<robot>_<task>].")
    ] = None,
    other: Annotated[
        Path | None, typer.Option(help="Episodes of another data set: are its pictures noticed?")
    ] = None,
    moments: Annotated[int, typer.Option(help="Held-out moments to plan from.", min=1)] = MOMENTS,
    clips: Annotated[int, typer.Option(help="Held-out clips whose pictures are spoiled.", min=2)] = CLIPS,
    seed: options.Seed = 1,
    json_file: options.Json = None,
) -> None:
    """Make a model of recordings, if there is none yet, and measure it on whole episodes that it never saw.

    Open-loop error per action block ahead, next to copying the last state and to other actions; joints read
    off the pictures; plans toward later pictures next to what was done and to chance; and whether frozen,
    covered, shifted and foreign pictures, and an unknown object, surprise it.

    Example: python -m benchmarks real --data G1-policy-train --robot my_arm.yaml --json real.json
    """
    from ami_ros.cli.model import model as make_model
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    require("train", "lerobot")
    check_writable(json_file)
    configuration = Configuration.load(robot, task)
    work = work or configuration.run_folder
    model = work / "model.pt"
    make_model(robot=robot, task=task, data=data, work=work, out=work / "shipped")
    figures = _measured(configuration, model, work, other, moments, clips, seed)
    figures |= {"data": data.name, "hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def _measured(
    configuration: Configuration,
    model: Path,
    work: Path,
    other: Path | None,
    moments: int,
    clips: int,
    seed: int,
) -> dict[str, Any]:
    import numpy as np
    import torch

    from ami_ros.cli.progress import progress_bar
    from ami_ros.episodes.episode import list_episodes, read_episode
    from ami_ros.evaluation.hindsight import hindsight_of, plans_of_hindsight
    from ami_ros.model.files import read_verified
    from ami_ros.model.restore import restored
    from ami_ros.training.pipeline import load_split
    from benchmarks.real.spoiling import surprise_aucs

    torch.set_num_threads(configuration.planner.threads)
    spec, file = configuration.spec, read_verified(model)
    network, contract = restored(file)
    folder = work / "augmented" if (work / "augmented").is_dir() else work / "imported"
    paths = list_episodes(folder)
    with progress_bar("read", len(paths)) as bar:
        split = load_split(paths, configuration.training.held_out, bar.update, contract.inputs)
    held_out = [read_episode(path) for path in split.held_out.paths]
    with progress_bar("hindsight", plans_of_hindsight(moments)) as bar:
        seen = hindsight_of(model, configuration, split.held_out.paths, moments, seed, lambda: bar.update(1))
    foreign = None
    if other is not None:
        shown = [read_episode(path).images for path in list_episodes(other)[:20]]
        foreign = np.concatenate([pictures[::5] for images in shown for pictures in images.values()])
    return {
        "model_sha256": file.sha256,
        "held_out_episodes": len(held_out),
        **_foresight(network, contract, spec, split),
        "block_s": contract.block / contract.rate_hz,
        "hindsight_s": seen["ahead_s"],
        "hindsight": seen["cosine"],
        "hindsight_chance": seen["chance"],
        "hindsight_elsewhere": seen["elsewhere"],
        "hindsight_error": seen["planned_error"],
        "hindsight_still": seen["still_error"],
        "hindsight_moments": seen["moments"],
        "surprise_auc": surprise_aucs(network, contract.inputs, spec.actions, held_out, clips, seed, foreign),
    }


def _foresight(network: Jepa, contract: Contract, spec: RobotSpec, split: Split) -> dict[str, Any]:
    """Return errors of prediction, and what pictures show of the joints, on pictures as recorded."""
    import numpy as np

    from ami_ros.episodes.episode import PLAIN_LOOK
    from ami_ros.training.latents import encode_episodes
    from ami_ros.training.pipeline import QUALITY_HORIZON
    from ami_ros.training.quality import foresight, shown_in_pictures
    from ami_ros.training.recorded import Recorded, recorded

    def encoded(episodes: EpisodeSet) -> Encoded:
        """Return the episodes whose pictures nothing has recoloured."""
        whole, plain = recorded(episodes, contract.inputs), np.flatnonzero(episodes.looks == PLAIN_LOOK)
        images = [pictures[plain] for pictures in whole.images]
        return encode_episodes(
            network, Recorded(images, whole.vectors[plain], whole.actions[plain]), spec.actions
        )

    training, held_out = encoded(split.training), encoded(split.held_out)
    blocks = min(QUALITY_HORIZON, held_out.actions.shape[1] // contract.block)
    shown = shown_in_pictures(network, training, held_out, contract.inputs)
    return {
        **foresight(network, held_out, blocks),
        "joints_r2": {
            f"{vector.name}.{value}": r2
            for vector in contract.vectors
            for value, r2 in zip(vector.values, shown.get(vector.name, ()), strict=False)
        },
    }


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    console = Console()
    table = Table("s ahead", "open loop", "copy last", "other actions", title="error / variance")
    names = ("open_loop_error", "copy_last_error", "shuffled_action_error")
    for block, row in enumerate(zip(*(figures[name] for name in names), strict=True), 1):
        table.add_row(f"{block * figures['block_s']:.1f}", *(f"{value:.3f}" for value in row))
    console.print(table)
    heads = ("s later", "cosine", "by chance", "to another picture", "error", "standing still", "moments")
    table = Table(*heads, title="hindsight")
    kinds = (
        "hindsight_s",
        "hindsight",
        "hindsight_chance",
        "hindsight_elsewhere",
        "hindsight_error",
        "hindsight_still",
        "hindsight_moments",
    )
    for ahead in zip(*(figures[name] for name in kinds), strict=True):
        table.add_row(f"{ahead[0]:g}", *(f"{value:.2f}" for value in ahead[1:6]), f"{ahead[6]}")
    console.print(table)
    for title, name in (("R2 of what pictures show", "joints_r2"), ("AUC of surprise", "surprise_auc")):
        table = Table("", "", title=title, show_header=False)
        for key, value in figures[name].items():
            table.add_row(key, f"{value:.2f}")
        console.print(table)
