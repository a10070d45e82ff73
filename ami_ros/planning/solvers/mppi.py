# SPDX-License-Identifier: Apache-2.0
"""Model-predictive path integral: weight all candidates by how cheap they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ami_ros.planning.gaussian import GaussianSolver
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Greediness of the solver."""

    temperature: float = setting(
        "temperature of the weights, share of the costs' median deviation", gt=0.0, le=100.0
    )


class Refit(nn.Module):
    """Averages all candidates, weighting cheap ones more; costs are scaled by their own spread.

    This way, one temperature serves every goal distance.

    Args:
        settings: greediness of the solver.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.temperature = settings.temperature

    def forward(self, candidates: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Return weighted mean and std (T, K A) of candidates (S, T, K A) of finite cost (S,)."""
        # The few candidates of non-finite cost do not move a median.
        spread = (cost - cost.median()).abs().median().clamp_min(1e-12)
        weights = torch.softmax(-(cost - cost.min()) / (self.temperature * spread), dim=0).view(-1, 1, 1)
        mean = (weights * candidates).sum(dim=0)
        return mean, torch.sqrt((weights * (candidates - mean) ** 2).sum(dim=0))


class Solver(GaussianSolver):
    """Model-predictive path integral control.

    Source: Williams et al., "Information theoretic MPC for model-based reinforcement learning" (2017),
    eq. 33.
    """

    Refit = Refit
