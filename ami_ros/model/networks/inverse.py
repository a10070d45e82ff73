# SPDX-License-Identifier: Apache-2.0
"""The inverse model: proposes actions toward a goal, and is the no-search baseline."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.inputs import Layout
from ami_ros.model.networks.settings import ModelSettings


class InverseModel(nn.Module):
    """Goal-conditioned inverse dynamics: the first action block on the way to a later core of the state.

    Args:
        settings: sizes.
        layout: layout of the state.
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, layout: Layout, action_size: int) -> None:
        super().__init__()
        width, self.core_size = settings.inverse_hidden, layout.core_size
        self.layers = nn.Sequential(
            nn.Linear(layout.core_size + layout.state_size, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, action_size),
        )

    def forward(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] that leads from states (B, Z) toward cores (B, F)."""
        core = state[:, : self.core_size]
        return torch.tanh(self.layers(torch.cat([core, goal - core, state[:, self.core_size :]], dim=1)))
