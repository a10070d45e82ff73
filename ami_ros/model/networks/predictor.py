# SPDX-License-Identifier: Apache-2.0
"""One step of the world: (latent, joints, action block) to the next (latent, joints)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings


class ResidualBlock(nn.Module):
    """Pre-norm residual MLP block.

    At the batch sizes of planning every pass over the activations besides the matrix products shows, so the
    second product has no bias: the first one of the next block makes up for it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, width)
        self.project = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width) to (B, width)."""
        return x + self.project(nn.functional.silu(self.expand(self.norm(x))))


class Predictor(nn.Module):
    """Predicts the change of latent and joints; starts out predicting "nothing changes"."""

    def __init__(self, settings: ModelSettings, joint_size: int, action_size: int) -> None:
        super().__init__()
        width = settings.predictor_hidden
        self.latent_size = settings.latent_size
        state_size = settings.latent_size + joint_size
        self.enter = nn.Linear(state_size + action_size, width)
        self.blocks = nn.Sequential(*[ResidualBlock(width) for _ in range(settings.predictor_blocks)])
        last = nn.Linear(width, state_size)
        self.leave = nn.Sequential(nn.LayerNorm(width), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        """Advance states (B, D + 2 J), latent and normalised joints side by side, by a block (B, K A)."""
        return state + self.leave(self.blocks(self.enter(torch.cat([state, action], dim=1))))

    def forward(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one action block ahead.

        Args:
            latent: (B, D).
            joints: (B, 2 J) normalised position and velocity.
            action: (B, K A) normalised to [-1, 1].

        Returns:
            The next latent (B, D) and joints (B, 2 J).
        """
        state = self.step(torch.cat([latent, joints], dim=1), action)
        return state[:, : self.latent_size], state[:, self.latent_size :]
