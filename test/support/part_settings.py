# SPDX-License-Identifier: Apache-2.0
"""The settings of one part, without a robot: from config/, a task's changes, and those of a test."""

from __future__ import annotations

from collections.abc import Mapping

from ami_ros.model.networks.settings import ModelSettings
from ami_ros.settings.task_file import load_task_settings
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.training.settings import TrainingSettings


def load_model_settings(
    overrides: Mapping[str, object] | None = None, task: str | None = None
) -> ModelSettings:
    return load_task_settings(ModelSettings, "model", task, overrides)


def load_training_settings(
    overrides: Mapping[str, object] | None = None, task: str | None = None
) -> TrainingSettings:
    return load_task_settings(TrainingSettings, "training", task, overrides)


def load_collect_settings(task: str, overrides: Mapping[str, object] | None = None) -> CollectSettings:
    return load_task_settings(CollectSettings, "collect", task, overrides)
