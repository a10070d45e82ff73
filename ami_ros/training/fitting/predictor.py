# SPDX-License-Identifier: Apache-2.0
"""Continues the training of a predictor alone, on fixed latents."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.predictor import Predictor
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.latents import Encoded
from ami_ros.training.losses import rollout_losses
from ami_ros.training.settings import TrainingSettings


def fit_predictor(
    model: Jepa, encoded: Encoded, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.predictor` in place, on the latents of the training episodes.

    In joint training, nearly all of the time goes into the encoders, and the predictor chases moving latents.
    Afterwards, a step costs a fraction of that, and reaches further ahead.

    Args:
        model: the world model.
        encoded: training episodes.
        settings: number of steps, how far ahead, batch size and seed.
        on_step: called after each step.
    """
    fit_ahead(model.predictor, model, encoded, settings, lambda: on_step("predictor"))


def fit_ahead(
    predictor: Predictor,
    model: Jepa,
    encoded: Encoded,
    settings: TrainingSettings,
    on_step: Callable[[], None],
) -> None:
    """Fit a predictor in place, to predict several of its steps ahead.

    Args:
        predictor: predictor of the model's states.
        model: model of the states.
        encoded: training episodes, in blocks of the predictor's size.
        settings: as `fit_predictor`.
        on_step: called after each step.
    """
    if not settings.predictor_steps:
        return
    generator = torch.Generator().manual_seed(settings.seed)
    optimizer = torch.optim.AdamW(
        predictor.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    blocks = min(settings.predictor_horizon, encoded.actions.shape[1] // encoded.block)

    def loss() -> Tensor:
        states, actions = encoded.draw(settings.fit_batch, blocks, generator)
        losses = rollout_losses(predictor, states, actions, model.core_size)
        return losses["prediction"] + settings.vector_weight * losses.get("vectors", torch.zeros(()))

    predictor.requires_grad_(True)
    descend(optimizer, settings.predictor_steps, loss, on_step)
    predictor.requires_grad_(False)
