# SPDX-License-Identifier: Apache-2.0
"""One step of the world: (latent, joints, action block) to the next (latent, joints)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.settings import ModelSettings


class ResidualBlock(nn.Module):
    """Pre-norm residual MLP block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, width)
        self.project = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width) to (B, width)."""
        return x + self.project(nn.functional.silu(self.expand(self.norm(x))))


class Predictor(nn.Module):
    """Predicts the change of latent and joints; starts out predicting "nothing changes"."""

    def __init__(self, settings: ModelSettings, joint_size: int, action_size: int) -> None:
        super().__init__()
        width = settings.predictor_hidden
        self.latent_size = settings.latent_size
        self.joints = nn.Sequential(nn.Linear(joint_size, 64), nn.SiLU(), nn.Linear(64, 64))
        self.enter = nn.Linear(settings.latent_size + 64 + action_size, width)
        self.blocks = nn.Sequential(*[ResidualBlock(width) for _ in range(settings.predictor_blocks)])
        last = nn.Linear(width, settings.latent_size + joint_size)
        self.leave = nn.Sequential(nn.LayerNorm(width), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one action block ahead.

        Args:
            latent: (B, D).
            joints: (B, 2 J) normalised position and velocity.
            action: (B, K A) normalised to [-1, 1].

        Returns:
            The next latent (B, D) and joints (B, 2 J).
        """
        x = torch.cat([latent, self.joints(joints), action], dim=1)
        change = self.leave(self.blocks(self.enter(x)))
        return latent + change[:, : self.latent_size], joints + change[:, self.latent_size :]
