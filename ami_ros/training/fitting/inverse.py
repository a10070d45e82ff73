# SPDX-License-Identifier: Apache-2.0
"""Continues the training of the inverse model alone, on fixed latents."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.latents import Encoded
from ami_ros.training.losses import prediction_loss
from ami_ros.training.settings import TrainingSettings


def fit_inverse(
    model: Jepa, encoded: Encoded, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.inverse_model` in place: which block came first on the way to what was seen later?

    Joint training shows it few moments, with few goals; here it sees all of them, with goals at all times,
    and learns what was meant, without the noise that made the data varied.

    Args:
        model: the world model.
        encoded: training episodes.
        settings: number of steps, how far ahead goals lie, batch size and seed.
        on_step: called after each step.
    """
    if not settings.inverse_steps:
        return
    generator = torch.Generator().manual_seed(settings.seed)
    inverse, block = model.inverse_model, encoded.block
    actions = encoded.actions if encoded.intended is None else encoded.intended
    optimizer = torch.optim.AdamW(
        inverse.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    episodes, steps = actions.shape[:2]
    blocks = torch.arange(block)

    def loss() -> Tensor:
        episode = torch.randint(episodes, (settings.fit_batch,), generator=generator)
        start = torch.randint(steps - block + 1, (settings.fit_batch,), generator=generator)
        most = ((steps - start) // block).clamp_max(settings.inverse_horizon)
        ahead = 1 + (torch.rand(settings.fit_batch, generator=generator) * most).long().clamp_max(most - 1)
        goal = encoded.states[episode, start + block * ahead, : model.core_size]
        meant = actions[episode[:, None], start[:, None] + blocks].flatten(1)
        return prediction_loss(inverse(encoded.states[episode, start], goal), meant)

    inverse.requires_grad_(True)
    descend(optimizer, settings.inverse_steps, loss, lambda: on_step("inverse model"))
    inverse.requires_grad_(False)
