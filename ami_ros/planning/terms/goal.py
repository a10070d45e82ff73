# SPDX-License-Identifier: Apache-2.0
"""Cost of the distance to the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """How the distance is weighted over the blocks."""

    discount: float = setting(
        "weight of a block relative to the next one; below 1, the end counts most", gt=0.0, le=1.0
    )
    on_the_way: float = setting(
        "the same for a state of a route: a cost of the end alone would postpone motion at each step",
        gt=0.0,
        le=1.0,
    )


class Term(nn.Module):
    """The squared distance to the goal, in control steps, weighted over the blocks.

    Where the goal changes over time, each block counts by what is wanted at its end, and all blocks alike:
    none of them is only on the way.

    Args:
        world: measures the distance.
        settings: weighting over the blocks.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.world = world
        self.discount, self.on_the_way = settings.discount, settings.on_the_way

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        goal = rollout.goal
        later = goal.later
        if later is not None:
            sizes = [target.shape[0] for target in goal.targets]
            total = torch.zeros_like(rollout.actions[:, 0, 0])
            for block, state in enumerate(rollout.states):
                wanted = list(later[block].split(sizes))
                away: Tensor = self.world.distances([state], wanted, goal.parts, goal.kind)[:, 0]
                total = total + away**2
            return total / len(rollout.states)
        distance: Tensor = self.world.distances(rollout.states, goal.targets, goal.parts, goal.kind)
        discount = self.on_the_way if goal.on_the_way else self.discount
        return (distance**2) @ step_weights(len(rollout.states), discount).to(distance.device)


def step_weights(horizon: int, discount: float) -> Tensor:
    """Return weights (T,) that sum to 1 and grow toward the end: commit early, weigh the end most."""
    weights = torch.pow(discount, torch.arange(horizon - 1, -1, -1, dtype=torch.float32))
    return weights / weights.sum()
