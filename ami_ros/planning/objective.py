# SPDX-License-Identifier: Apache-2.0
"""What a plan costs: a sum of named terms, lower is better."""

from __future__ import annotations

import torch
from torch import Tensor

# Order of the columns that the scripted planner returns.
TERM_NAMES = ("goal", "effort", "disagreement")


def step_weights(horizon: int, discount: float) -> Tensor:
    """Return weights (T,) that sum to 1 and grow toward the end: commit early, care most where it ends."""
    powers = torch.arange(horizon - 1, -1, -1, dtype=torch.float32)
    weights = torch.pow(torch.tensor(discount), powers)
    return weights / weights.sum()


def goal_term(distance: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted squared distance to the goal (S,) from distances (S, T) in control steps."""
    return (distance**2) @ weights


def effort_term(actions: Tensor, weight: float) -> Tensor:
    """Return the cost of motion (S,) from actions (S, T, K A) in [-1, 1]."""
    return weight * (actions**2).mean(dim=2).sum(dim=1)


def disagreement_term(disagreement: Tensor, weight: float) -> Tensor:
    """Return the cost of doubt (S,) from the heads' disagreement (S, T), 1 where the model knows its way."""
    return weight * disagreement.mean(dim=1)


def total(terms: Tensor) -> Tensor:
    """Sum terms (S, number of terms) to costs (S,); a non-finite cost never wins."""
    cost = terms.sum(dim=1)
    return torch.where(torch.isfinite(cost), cost, torch.full_like(cost, 1e30))
