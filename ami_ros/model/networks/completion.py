# SPDX-License-Identifier: Apache-2.0
"""Estimates the view of a missing camera from the other cameras and the vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 256


class Completion(nn.Module):
    """Fills in missing views. Anything that the other inputs do not determine becomes its mean.

    Args:
        views: number of views (W).
        view_size: numbers per view (D).
        vector_size: numbers of all vectors (V).
    """

    def __init__(self, views: int, view_size: int, vector_size: int) -> None:
        super().__init__()
        self.views, self.view_size = views, view_size
        self.layers = nn.Sequential(
            nn.Linear(views * view_size + views + vector_size, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, views * view_size),
        )
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(views * view_size))
        self.std: Tensor
        self.register_buffer("std", torch.ones(views * view_size))
        self.requires_grad_(False)  # fitted after the world model, see training/fitting/completion.py

    def present(self, missing: list[int]) -> Tensor:
        """Return 1 for each present view (W,), 0 for each missing one."""
        there = torch.ones(self.views, device=self.mean.device)
        for index in missing:
            there[index] = 0.0
        return there

    def filled(self, core: Tensor, missing: list[int], vectors: Tensor) -> Tensor:
        """Return estimates of all views (B, F), each in its own standard deviations from its mean."""
        there = self.present(missing)
        seen = ((core - self.mean) / self.std) * there.repeat_interleave(self.view_size)
        return self.layers(torch.cat([seen, there.expand(core.shape[0], -1), vectors], dim=1))

    def forward(self, core: Tensor, missing: list[int], vectors: Tensor) -> Tensor:
        """Return cores (B, F) with the views whose index is in `missing` filled in.

        Args:
            core: (B, F); the values of missing views do not matter, but must be finite.
            missing: indices of some views, not all of them.
            vectors: (B, V) normalised.
        """
        there = self.present(missing).repeat_interleave(self.view_size)
        guess = self.filled(core, missing, vectors) * self.std + self.mean
        return core * there + guess * (1.0 - there)
