# SPDX-License-Identifier: Apache-2.0
"""Fits the heads whose disagreement measures the uncertainty of a prediction."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.fitting.folding import fold
from ami_ros.training.fitting.metric import in_metric
from ami_ros.training.latents import Transitions
from ami_ros.training.settings import TrainingSettings

FASTEST = 2e-3  # peak learning rate; the heads are small
# Weight of the latent itself in the heads, relative to its change. Full weight: they differ wherever the
# image looks different, whether or not the prediction suffers. Zero: they miss an unknown object at rest.
PLACE = 0.3
SEEN = 0.5  # share of the transitions that each head learns from, so that they differ where data is thin


def fit_disagreement(
    model: Jepa,
    training: Transitions,
    held_out: Transitions,
    settings: TrainingSettings,
    on_step: OnStep = unwatched,
) -> None:
    """Fit `model.disagreement_heads` in place; needs the metric.

    Each head predicts a random projection of the change in the planner's metric, from the change that the
    model predicted, and learns from its own half of the data. The rest of the model stays as it is.

    Args:
        model: the world model.
        training: training transitions.
        held_out: the median disagreement on these becomes 1.
        settings: number of steps, batch size and seed.
        on_step: called after each step.
    """
    heads = model.disagreement_heads
    generator = torch.Generator().manual_seed(settings.seed)
    core = training.core(model)
    expected = training.predicted(model) - core
    inputs = torch.cat([core, expected, training.action], dim=1)
    mean, stretch = inputs.mean(dim=0), 1.0 / inputs.std(dim=0).clamp_min(1e-3)
    stretch[: model.core_size] *= PLACE
    inputs = (inputs - mean) * stretch
    change = in_metric(model, training.next_core(model) - core)
    targets = change @ torch.randn(change.shape[1], heads.offset.shape[2], generator=generator)
    targets = targets / targets.std().clamp_min(1e-6)
    seen = (torch.rand(heads.heads, len(training), generator=generator) < SEEN).float().unsqueeze(2)

    learned = [*heads.enter.parameters(), heads.leave, heads.offset]
    for weights in learned:
        weights.requires_grad_(True)
    optimizer = torch.optim.Adam(learned, lr=FASTEST)

    def loss() -> Tensor:
        rows = torch.randint(len(training), (settings.fit_batch,), generator=generator)
        guess = heads.predictions(inputs[rows])
        return (seen[:, rows] * (guess - targets[rows]) ** 2).mean()

    descend(optimizer, settings.disagreement_steps, loss, lambda: on_step("disagreement"))
    heads.requires_grad_(False)
    for layer in (heads.enter, heads.prior_enter):
        fold(layer, mean, stretch)
    heads.scale.fill_(1.0)
    heads.scale.copy_(disagreements(model, held_out).median().clamp_min(1e-6))


def disagreements(model: Jepa, transitions: Transitions) -> Tensor:
    """Return the model's uncertainty (N,) about each of N `transitions`."""
    core = transitions.core(model)
    change = transitions.predicted(model) - core
    with torch.no_grad():
        return model.disagreement(core, change, transitions.action)
