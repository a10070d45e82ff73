# SPDX-License-Identifier: Apache-2.0
"""What `train` and `export` start from: robot, settings, episodes and a trainer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ami_ros.cli.progress import progress_bar
from ami_ros.data.episode import list_episodes
from ami_ros.embodiment import RobotSpec, load_robot
from ami_ros.model.settings import load_model_settings
from ami_ros.training.pipeline import Split, build_trainer, load_split
from ami_ros.training.settings import TrainingSettings, load_training_settings
from ami_ros.training.trainer import Trainer


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One model in the making."""

    spec: RobotSpec
    settings: TrainingSettings
    split: Split
    trainer: Trainer


def prepare_run(robot: str, data: Path, **overrides: int | None) -> TrainingRun:
    """Read settings and episodes, under a progress bar, and make the trainer.

    Args:
        robot: as the user named it.
        data: folder of episodes.
        **overrides: of config/training.yaml; None keeps what is there.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    settings = load_training_settings(dict(overrides))
    spec, paths = load_robot(robot), list_episodes(data)
    with progress_bar("read", len(paths)) as bar:
        split = load_split(paths, settings.held_out, bar.update)
    return TrainingRun(spec, settings, split, build_trainer(split, spec, load_model_settings(), settings))
