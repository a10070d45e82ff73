# SPDX-License-Identifier: Apache-2.0
"""Cost of motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight of the term."""

    weight: float = setting("cost of one block at full speed", ge=0.0, le=100.0)


class Term(nn.Module):
    """The mean square of a block's actions, summed over the blocks.

    Args:
        world: unused.
        settings: weight of the term.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.weight = settings.weight

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        return self.weight * (rollout.actions**2).mean(dim=2).sum(dim=1)
