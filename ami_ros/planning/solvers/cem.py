# SPDX-License-Identifier: Apache-2.0
"""Cross-entropy method: refit a Gaussian to the elites."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ami_ros.errors import ConfigError
from ami_ros.planning.gaussian import GaussianSolver
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Greediness of the solver."""

    num_elites: int = setting("best candidates, which shape the next iteration", ge=2, le=65536)

    def check(self, num_samples: int) -> None:
        """Raise ConfigError if there are fewer candidates than elites."""
        if self.num_elites > num_samples:
            raise ConfigError(
                f"solvers.cem.num_elites: got {self.num_elites}, expected at most num_samples = {num_samples}"
            )


class Refit(nn.Module):
    """Takes the best candidates and forgets the others.

    Args:
        settings: greediness of the solver.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.num_elites = settings.num_elites

    def forward(self, candidates: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and std (T, K A) of the elites among candidates (S, T, K A) of finite cost (S,)."""
        elites = candidates[torch.topk(cost, self.num_elites, largest=False).indices]
        return elites.mean(dim=0), elites.std(dim=0)


class Solver(GaussianSolver):
    """The cross-entropy method.

    Source: Rubinstein, "The cross-entropy method for combinatorial and continuous optimization" (1999).
    """

    Refit = Refit
