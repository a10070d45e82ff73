# SPDX-License-Identifier: Apache-2.0
"""Cross-entropy method: refit a Gaussian to the elites."""

from __future__ import annotations

import torch
from torch import Tensor


def cem_update(
    candidates: Tensor, cost: Tensor, num_elites: int, minimum_std: float
) -> tuple[Tensor, Tensor]:
    """Return the mean and std of the best candidates.

    Source: Rubinstein, "The cross-entropy method for combinatorial and continuous optimization" (1999).

    Args:
        candidates: (S, T, K A).
        cost: (S,), finite.
        num_elites: how many count.
        minimum_std: floor of the std.

    Returns:
        Mean (T, K A) and std (T, K A).
    """
    elites = candidates[torch.topk(cost, num_elites, largest=False).indices]
    return elites.mean(dim=0), elites.std(dim=0).clamp_min(minimum_std)
