# SPDX-License-Identifier: Apache-2.0
"""Fits the coarse predictor, and chooses the macro-actions that it offers."""

from __future__ import annotations

import dataclasses

import torch

from ami_ros.model.networks.coarse import Coarse
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, unwatched
from ami_ros.training.fitting.medoids import medoids
from ami_ros.training.fitting.predictor import fit_ahead
from ami_ros.training.latents import Encoded
from ami_ros.training.settings import TrainingSettings

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
