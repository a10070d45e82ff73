# SPDX-License-Identifier: Apache-2.0
"""Fits the coarse predictor, and chooses the macro-actions that it offers."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from ami_ros.model.networks.coarse import Coarse
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, unwatched
from ami_ros.training.fitting.predictor import fit_ahead
from ami_ros.training.latents import Encoded
from ami_ros.training.settings import TrainingSettings

ROUNDS = 30


def medoids(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` of points (N, D): the point nearest to the mean of each cluster.

    Source: Lloyd, "Least squares quantization in PCM" (1982).

    Args:
        points: (N, D); if fewer than `count`, some come twice.
        count: number of medoids.
        generator: random numbers of the first choice.
    """
    if len(points) < count:
        points = points.repeat(-(-count // len(points)), 1)
    middles = points[torch.randperm(len(points), generator=generator)[:count]]
    for _ in range(ROUNDS):
        cluster = torch.cdist(points, middles).argmin(dim=1)
        sums = torch.zeros_like(middles).index_add(0, cluster, points)
        sizes = torch.zeros(count).index_add(0, cluster, torch.ones(len(points)))
        middles = torch.where(sizes[:, None] > 0, sums / sizes.clamp_min(1.0)[:, None], middles)
    return points[torch.cdist(middles, points).argmin(dim=1)]


LIKENESS = 20_000  # macro-actions in the data, from which a few are chosen


def fit_coarse(
    model: Jepa, encoded: Encoded, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.coarse` in place, if the model has macro-actions.

    It learns from all action sequences in the data, not only from those that it offers.

    Args:
        model: the world model.
        encoded: training episodes.
        settings: number of steps, how far ahead, batch size and seed.
        on_step: called after each step.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    blocks = model.settings.macro_blocks
    for head in model.coarse:
        if isinstance(head, Coarse):
            _, actions = encoded.draw(LIKENESS, blocks, generator)
            head.macros.copy_(medoids(actions.flatten(1), len(head.macros), generator))
            longer = dataclasses.replace(encoded, block=blocks * encoded.block)
            fit_ahead(head.predictor, model, longer, settings, lambda: on_step("coarse"))
