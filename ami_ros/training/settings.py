# SPDX-License-Identifier: Apache-2.0
"""Settings of training: config/training.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.config import load_settings, setting
from ami_ros.share import config_path


@dataclass(frozen=True)
class TrainingSettings:
    """How a world model is trained."""

    steps: int = setting("optimiser steps", ge=1)
    batch_windows: int = setting("windows per step", ge=4)
    horizon: int = setting("open-loop prediction steps per window", ge=1, le=100)
    learning_rate: float = setting("peak learning rate of AdamW", gt=0.0)
    weight_decay: float = setting("AdamW weight decay", ge=0.0)
    warmup_steps: int = setting("linear warm-up steps", ge=0)
    variance_weight: float = setting("weight of the variance hinge", ge=0.0)
    covariance_weight: float = setting("weight of the covariance term", ge=0.0)
    joint_weight: float = setting("weight of the joint prediction", ge=0.0)
    inverse_weight: float = setting("weight of the inverse dynamics", ge=0.0)
    inverse_horizon: int = setting("the inverse model's goal lies up to this many steps ahead", ge=1)
    metric_steps: int = setting("control steps over which the latent's change is whitened", ge=1)
    metric_floor: float = setting("smallest eigenvalue kept by the metric, share of the mean", gt=0.0)
    held_out: float = setting("share of the episodes held out", gt=0.0, lt=0.9)
    seed: int = setting("seed of weights and batches", ge=0)
    checkpoint_steps: int = setting("steps between checkpoints", ge=1)
    threads: int = setting("CPU threads", ge=1, le=256)


def load_training_settings(overrides: dict[str, object] | None = None) -> TrainingSettings:
    """Read config/training.yaml. Raises ConfigError."""
    return load_settings(TrainingSettings, config_path("training.yaml"), overrides)
