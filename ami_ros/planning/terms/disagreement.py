# SPDX-License-Identifier: Apache-2.0
"""Cost of going where the model is unsure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight of the term."""

    weight: float = setting("cost of one block at the model's usual disagreement", ge=0.0, le=100.0)


class Term(nn.Module):
    """The heads' mean disagreement over the blocks; 1 where the model is sure.

    Args:
        world: has the heads.
        settings: weight of the term; weight 0 costs no time either.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.world, self.weight = world, settings.weight

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        if self.weight > 0.0:
            doubt: Tensor = self.world.disagreement(rollout.now, rollout.states, rollout.actions)
            return self.weight * doubt.mean(dim=1)
        return torch.zeros_like(rollout.actions[:, 0, 0])
