# SPDX-License-Identifier: Apache-2.0
"""Settings of training: config/training.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ami_ros.settings.fields import read_yaml, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class TrainingSettings:
    """How a world model is trained."""

    steps: int = setting("optimiser steps", ge=1)
    batch_windows: int = setting("windows per step", ge=4)
    windows_per_episode: int = setting("windows per episode in a batch, for episodes whose look varies", ge=1)
    alike_looks: int = setting(
        "varied looks per step, in which scenes are trained to differ as in the plain look", ge=0
    )
    shift: float = setting("largest random shift of a window's pictures, share of their side", ge=0.0, le=0.5)
    gain: float = setting(
        "largest random change of each colour's strength in a window's pictures", ge=0.0, lt=1.0
    )
    horizon: int = setting("open-loop predictions per window, action blocks", ge=1, le=100)
    learning_rate: float = setting("peak learning rate of AdamW", gt=0.0)
    weight_decay: float = setting("AdamW weight decay", ge=0.0)
    warmup_steps: int = setting("linear warm-up steps", ge=0)
    variance_weight: float = setting("weight of the variance hinge", ge=0.0)
    covariance_weight: float = setting("weight of the covariance term", ge=0.0)
    alike_weight: float = setting("weight of the loss on looks", ge=0.0)
    vector_weight: float = setting("weight of the joint prediction", ge=0.0)
    inverse_weight: float = setting("weight of the inverse dynamics", ge=0.0)
    reading_weight: float = setting("weight of reading vectors off goal pictures", ge=0.0)
    inverse_horizon: int = setting("the inverse model's goal lies up to this many action blocks ahead", ge=1)
    inverse_steps: int = setting(
        "further steps that train the inverse model alone, after the encoders; 0: none", ge=0
    )
    metric_steps: int = setting("control steps over which the latent's change is whitened", ge=1)
    metric_floor: float = setting("smallest eigenvalue kept by the metric, share of the mean", gt=0.0)
    metric_slowness: float = setting(
        "exponent by which the metric favours slow, far-reaching change", ge=0.0, le=4.0
    )
    metric_controlled: bool = setting(
        "whether the metric counts what actions change, in units of the prediction error"
    )
    history_gain: float = setting(
        "without cameras, traces of past readings are kept where a linear model errs less with them by this "
        "share; 1: never",
        gt=0.0,
        le=1.0,
    )
    predictor_steps: int = setting("further steps that train the predictor alone, after the encoders", ge=0)
    predictor_horizon: int = setting(
        "open-loop predictions per window in these steps, action blocks", ge=1, le=100
    )
    appearance_steps: int = setting("steps that fit the appearance", ge=1)
    disagreement_steps: int = setting("steps that fit the disagreement heads", ge=1)
    temporal_steps: int = setting("steps that fit the temporal distance", ge=1)
    completion_steps: int = setting("steps that fit the prediction of a missing camera's latent", ge=1)
    decoder_steps: int = setting("steps that fit the decoder, which only people look at; 0: none", ge=0)
    decoder_horizon: int = setting("action blocks ahead that it can draw", ge=1, le=100)
    fit_batch: int = setting("transitions per step of the fits after training", ge=8)
    surprise_shrinkage: float = setting(
        "isotropic part of the usual prediction error, share of the mean variance", ge=1e-6, le=1e6
    )
    hindsight_moments: int = setting(
        "held-out moments from which plans are compared with what was done; 0: none", ge=0, le=10_000
    )
    held_out: float = setting("share of held-out episodes", gt=0.0, lt=0.9)
    seed: int = setting("seed of weights and batches", ge=0)
    checkpoint_steps: int = setting("steps between checkpoints", ge=1)
    threads: int = setting("CPU threads", ge=1, le=256)


def training_changes(start: Path | None, **given: Any) -> Mapping[str, Any]:
    """Return the changes to config/training.yaml: those of fine-tuning from `start`, and those given.

    Raises:
        ConfigError: config/fine_tuning.yaml is unreadable.
    """
    usual = {} if start is None else read_yaml(config_path("fine_tuning.yaml"))
    return {**usual, **{name: value for name, value in given.items() if value is not None}}
