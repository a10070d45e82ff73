# SPDX-License-Identifier: Apache-2.0
"""Cost of pushing against something that does not give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight, and what counts as a push."""

    weight: float = setting("cost of one block of pushing at full speed", ge=0.0, le=1000.0)
    reach: float = setting(
        "least distance of a block at full speed without obstacles",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )


class Term(nn.Module):
    """The share of a block's actions that moves nothing, as predicted: the mean over the blocks.

    An action that is predicted to change as little as a smaller one pushes against something. The gate stops
    a robot that does so for long.

    Args:
        world: measures how far each block leads.
        settings: weight and threshold; weight 0 costs no time either.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.world, self.weight, self.reach = world, settings.weight, settings.reach

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        if self.weight > 0.0 and len(rollout.view_sizes) > 0:
            views = list(range(len(rollout.view_sizes)))
            ends = [sum(rollout.view_sizes[: view + 1]) for view in views]
            speed = torch.sqrt((rollout.actions**2).mean(dim=2))
            before, wasted = rollout.now, torch.zeros_like(speed[:, 0])
            for block, state in enumerate(rollout.states):
                left = [before[:, ends[view] - rollout.view_sizes[view] : ends[view]] for view in views]
                moved: Tensor = self.world.distances([state], left, views, "slow")[:, 0]
                wasted = wasted + torch.relu(speed[:, block] - moved / self.reach)
                before = state
            return self.weight * wasted / len(rollout.states)
        return torch.zeros_like(rollout.actions[:, 0, 0])
