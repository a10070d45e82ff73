# SPDX-License-Identifier: Apache-2.0
"""Model-predictive path integral: weight all candidates by how cheap they are."""

from __future__ import annotations

import torch
from torch import Tensor


def mppi_update(
    candidates: Tensor, cost: Tensor, temperature: float, minimum_std: float
) -> tuple[Tensor, Tensor]:
    """Return the weighted mean and std of the candidates.

    Costs are scaled by their own spread, so one temperature serves every goal distance.

    Source: Williams et al., "Information theoretic MPC for model-based reinforcement learning" (2017),
    eq. 33.

    Args:
        candidates: (S, T, K A).
        cost: (S,), finite.
        temperature: share of the cost's std; lower is greedier.
        minimum_std: floor of the std.

    Returns:
        Mean (T, K A) and std (T, K A).
    """
    # A median is not moved by the few candidates whose cost was not finite.
    spread = (cost - cost.median()).abs().median().clamp_min(1e-12)
    weights = torch.softmax(-(cost - cost.min()) / (temperature * spread), dim=0).view(-1, 1, 1)
    mean = (weights * candidates).sum(dim=0)
    std = torch.sqrt((weights * (candidates - mean) ** 2).sum(dim=0))
    return mean, std.clamp_min(minimum_std)
