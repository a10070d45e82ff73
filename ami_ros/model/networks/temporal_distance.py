# SPDX-License-Identifier: Apache-2.0
"""Control steps from one latent to another: a learned quasi-metric."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings


class TemporalDistance(nn.Module):
    """A distance that is never negative, zero to itself, obeys the triangle inequality, may be asymmetric.

    One half of the embedding measures the symmetric part of the distance (its Euclidean length), the other
    half the asymmetric part (its largest decrease).

    Source: Liu, Feng, Liu, Abbeel, "Metric residual networks for sample efficient goal-conditioned
    reinforcement learning" (2023), eq. 7.

    Args:
        settings: sizes.
        view_size: numbers of a latent (D), or of its substitute.
    """

    def __init__(self, settings: ModelSettings, view_size: int) -> None:
        super().__init__()
        width, size = settings.temporal_hidden, settings.temporal_size
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(()))
        self.first = nn.Linear(view_size, width)
        self.second = nn.Linear(width, 2 * size)
        self.requires_grad_(False)  # fitted after the world model, see training/fitting/temporal_distance.py

    def embed(self, latent: Tensor) -> Tensor:
        """Map latents (B, D) to embeddings (B, 2 E)."""
        return self.second(nn.functional.silu(self.first(latent)))

    def between(self, start: Tensor, end: Tensor) -> Tensor:
        """Return the distance (B,) from embeddings (B, 2 E) to embeddings (B, 2 E), not yet scaled."""
        change = end - start
        half = change.shape[1] // 2
        # The small number keeps the gradient of the root finite where both are equal.
        both_ways = torch.sqrt((change[:, :half] ** 2).sum(dim=1) + 1e-12)
        return both_ways + torch.relu(-change[:, half:]).amax(dim=1)

    def forward(self, latent: Tensor, goal: Tensor) -> Tensor:
        """Return the distance (B,) from latents (B, D) to goal (D), in control steps of usual length."""
        return self.between(self.embed(latent), self.embed(goal.unsqueeze(0))) / self.scale
