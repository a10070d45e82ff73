# SPDX-License-Identifier: Apache-2.0
"""What a camera that is gone would show, from what the others and the vectors say."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 256


class Completion(nn.Module):
    """Fills views in. What nothing else tells comes out as its mean.

    Args:
        views: how many there are (W).
        view_size: numbers of each (D).
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
        """Return 1 for each view (W,) that is there, 0 for those that are missing."""
        there = torch.ones(self.views, device=self.mean.device)
        for index in missing:
            there[index] = 0.0
        return there

    def filled(self, core: Tensor, missing: list[int], vectors: Tensor) -> Tensor:
        """Return what all views (B, F) would be, each in its own standard deviations from its mean."""
        there = self.present(missing)
        seen = ((core - self.mean) / self.std) * there.repeat_interleave(self.view_size)
        return self.layers(torch.cat([seen, there.expand(core.shape[0], -1), vectors], dim=1))

    def forward(self, core: Tensor, missing: list[int], vectors: Tensor) -> Tensor:
        """Return cores (B, F) with the views whose index is in `missing` filled in.

        Args:
            core: (B, F); what it says of missing views does not matter, but it must be finite.
            missing: indices, not all of them.
            vectors: (B, V) normalised.
        """
        there = self.present(missing).repeat_interleave(self.view_size)
        guess = self.filled(core, missing, vectors) * self.std + self.mean
        return core * there + guess * (1.0 - there)
