# SPDX-License-Identifier: Apache-2.0
"""Trust in a prediction: small heads that agree only where they have seen data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings

PRIOR = 0.5  # size of the random prior, relative to the learned part


class Disagreement(nn.Module):
    """M small heads, each of which predicts a fixed random projection of the change of the state's core.

    Each head adds its own fixed random function (the prior) to what it learns, so the heads start out apart,
    learn to agree where there is data, and stay apart elsewhere. They read the predictor's output, not its
    hidden layer: this costs a rollout nothing, and they can be fitted to any finished world model.

    Source: Osband, Aslanides and Cassirer, "Randomized prior functions for deep reinforcement learning"
    (2018), algorithm 1.

    Args:
        settings: number and sizes of the heads.
        core_size: size of the core (F).
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, core_size: int, action_size: int) -> None:
        super().__init__()
        heads, width, out = (
            settings.disagreement_heads,
            settings.disagreement_hidden,
            settings.disagreement_size,
        )
        self.heads = heads
        size = 2 * core_size + action_size
        self.enter = nn.Linear(size, heads * width)
        self.leave = nn.Parameter(torch.randn(heads, width, out) / width**0.5)
        self.offset = nn.Parameter(torch.zeros(heads, 1, out))
        self.prior_enter = nn.Linear(size, heads * width)
        nn.init.normal_(self.prior_enter.weight, std=size**-0.5)
        nn.init.zeros_(self.prior_enter.bias)
        self.prior_leave: Tensor
        self.register_buffer("prior_leave", PRIOR * torch.randn(heads, width, out) / width**0.5)
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(()))
        self.requires_grad_(False)  # fitted after the world model, see training/fitting/disagreement.py

    def predictions(self, inputs: Tensor) -> Tensor:
        """Return each head's prediction (M, B, P) from core, change and action in a row (B, 2 F + K A)."""
        rows = inputs.shape[0]
        learned = nn.functional.silu(self.enter(inputs)).view(rows, self.heads, -1).transpose(0, 1)
        prior = torch.tanh(self.prior_enter(inputs)).view(rows, self.heads, -1).transpose(0, 1)
        return torch.baddbmm(self.offset, learned, self.leave) + torch.bmm(prior, self.prior_leave)

    def forward(self, core: Tensor, change: Tensor, action: Tensor) -> Tensor:
        """Return the spread of the heads (B,): 1 is the median on held-out data.

        Args:
            core: (B, F) core of the state.
            change: (B, F) its predicted change.
            action: (B, K A) in [-1, 1].
        """
        predictions = self.predictions(torch.cat([core, change, action], dim=1))
        apart = predictions - predictions.mean(dim=0, keepdim=True)  # ten times faster than Tensor.var
        return torch.sqrt((apart**2).sum(dim=0).mean(dim=1) / (self.heads - 1)) / self.scale
