# SPDX-License-Identifier: Apache-2.0
"""Train the predictor on, alone, on latents that no longer change."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.latents import Encoded
from ami_ros.training.losses import rollout_losses
from ami_ros.training.settings import TrainingSettings


def fit_predictor(
    model: Jepa, encoded: Encoded, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.predictor` in place, on what the encoders make of the training episodes.

    While all is trained, nearly all of the time goes into the encoders, and the predictor chases latents that
    move. Afterwards a step costs a fiftieth of that, and reaches further ahead.

    Args:
        model: the world model.
        encoded: training episodes.
        settings: number of steps, how far ahead, batch size and seed.
        on_step: called after each step.
    """
    if not settings.predictor_steps:
        return
    generator = torch.Generator().manual_seed(settings.seed)
    learned = list(model.predictor.parameters())
    model.predictor.requires_grad_(True)
    optimizer = torch.optim.AdamW(learned, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    blocks = min(settings.predictor_horizon, encoded.actions.shape[1] // encoded.block)

    def loss() -> Tensor:
        losses = rollout_losses(model, *encoded.draw(settings.fit_batch, blocks, generator))
        return losses["prediction"] + settings.vector_weight * losses.get("vectors", torch.zeros(()))

    descend(optimizer, settings.predictor_steps, loss, lambda: on_step("predictor"))
    model.predictor.requires_grad_(False)
