# SPDX-License-Identifier: Apache-2.0
"""Cost of going where a surprise or a stop is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight and radius."""

    weight: float = setting(
        "cost of one block at a place of remembered surprise or a remembered stop", ge=0.0, le=1000.0
    )
    radius: float = setting("distance beyond which it costs nothing", gt=0.0, le=1000.0, unit="control steps")


class Term(nn.Module):
    """How near the states come to the nearest dreaded state: 1 there, 0 from the radius on.

    Its mean over the blocks.

    Args:
        world: measures the distance.
        settings: weight and radius; weight 0 costs no time either.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.world, self.weight, self.radius = world, settings.weight, settings.radius

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        if self.weight > 0.0:
            nearness = torch.zeros_like(rollout.actions[:, :, 0])
            views = list(range(len(rollout.view_sizes)))
            for dreaded in rollout.dreaded.unbind(0):
                away: Tensor = self.world.distances(rollout.states, list(dreaded.unbind(0)), views, "slow")
                nearness = torch.maximum(nearness, 1.0 - away / self.radius)
            return self.weight * nearness.mean(dim=1)
        return torch.zeros_like(rollout.actions[:, 0, 0])
