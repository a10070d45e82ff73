# SPDX-License-Identifier: Apache-2.0
"""What `train` and `export` start from: robot, settings, episodes and a trainer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.cli.folders import episodes_folder
from ami_ros.data.episode import list_episodes
from ami_ros.experiment.progress import progress_bar
from ami_ros.model.networks.settings import load_model_settings
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


def prepare_run(robot: str, task: str, data: Path | None = None, **overrides: int | None) -> TrainingRun:
    """Read settings and episodes, under a progress bar, and make the trainer.

    Args:
        robot: as the user named it.
        task: name of the task, which may change robot and settings.
        data: folder of episodes; None for data/<robot>_<task>.
        **overrides: of config/training.yaml; None keeps what is there.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    settings = load_training_settings(dict(overrides), task)
    spec, paths = load_robot(robot, task), list_episodes(data or episodes_folder(robot, task))
    with progress_bar("read", len(paths)) as bar:
        split = load_split(paths, settings.held_out, bar.update)
    network = load_model_settings(task=task)
    return TrainingRun(spec, settings, split, build_trainer(split, spec, network, settings))
