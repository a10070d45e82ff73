# SPDX-License-Identifier: Apache-2.0
"""Which action leads from here to there: proposes actions, and is the no-search baseline."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings


class InverseModel(nn.Module):
    """Goal-conditioned inverse dynamics: the first action block on the way to a later latent."""

    def __init__(self, settings: ModelSettings, joint_size: int, action_size: int) -> None:
        super().__init__()
        width = settings.inverse_hidden
        self.layers = nn.Sequential(
            nn.Linear(2 * settings.latent_size + joint_size, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, action_size),
        )

    def forward(self, latent: Tensor, goal: Tensor, joints: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] from latent (B, D) toward goal (B, D)."""
        return torch.tanh(self.layers(torch.cat([latent, goal - latent, joints], dim=1)))
