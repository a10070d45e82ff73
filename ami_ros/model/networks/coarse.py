# SPDX-License-Identifier: Apache-2.0
"""The coarse predictor: the outcome of each macro-action in one step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.inputs import Layout
from ami_ros.model.networks.predictor import Predictor
from ami_ros.model.networks.settings import ModelSettings


class Coarse(nn.Module):
    """Predicts a macro-action, several action blocks in a row, at once: a long route takes few steps.

    The macro-actions that it offers come from the data, so that it only predicts what it has learned.

    Source: LeCun, "A path towards autonomous machine intelligence" (2022), section 4.6, for two levels of
    prediction.

    Args:
        settings: sizes.
        layout: layout of the state.
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, layout: Layout, action_size: int) -> None:
        super().__init__()
        blocks = settings.macro_blocks
        self.predictor = Predictor(settings, layout, blocks * action_size, blocks)
        self.macros: Tensor  # (N, M K A) in [-1, 1]
        self.register_buffer("macros", torch.zeros(settings.macros, settings.macro_blocks * action_size))
        self.requires_grad_(False)  # fitted after the world model, see training/fitting/coarse.py

    def forward(self, state: Tensor) -> Tensor:
        """Return the outcomes of all macro-actions from states (B, Z): states (B, N, Z)."""
        number = self.macros.shape[0]
        ahead = self.predictor(state.repeat_interleave(number, dim=0), self.macros.repeat(state.shape[0], 1))
        return ahead.view(state.shape[0], number, state.shape[1])
