# SPDX-License-Identifier: Apache-2.0
"""Cost of vector sensors away from where the goal picture shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.errors import ContractError
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.terms.goal import step_weights
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight of the term."""

    weight: float = setting("cost of one squared control step from there", ge=0.0, le=100.0)
    discount: float = setting(
        "weight of a block relative to the next one; below 1, the end counts most", gt=0.0, le=1.0
    )


class Term(nn.Module):
    """The squared distance of the vectors to their reading off the goal's views, in control steps.

    The reading starts from the present state and is made once for all candidates.

    Args:
        world: reads goals.
        settings: weight of the term; weight 0 costs no time either.

    Raises:
        ContractError: the model reads no goals.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        if settings.weight > 0.0 and not _reads(world):
            raise ContractError(
                f"terms: reading: got weight {settings.weight} with a model that reads no goals, expected "
                "weight 0, or a model with reading_hidden above 0 (config/model.yaml)"
            )
        # Not compiled for weight 0: a model's file without readings could not be compiled with it.
        self.world = world if settings.weight > 0.0 else None
        self.weight, self.discount = settings.weight, settings.discount

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        goal = rollout.goal
        if self.world is not None and goal.kind != "vectors":
            read: list[Tensor] = self.world.goal_readings(rollout.now, goal.targets, goal.parts)
            away: Tensor = self.world.distances(rollout.states, read, list(range(len(read))), "vectors")
            weights = step_weights(len(rollout.states), self.discount).to(away.device)
            return self.weight * ((away**2) @ weights)
        return torch.zeros_like(rollout.actions[:, 0, 0])


def _reads(world: Any) -> bool:
    if not hasattr(world, "model"):  # a frozen file has its methods alone
        return hasattr(world, "goal_readings")
    readings = getattr(world.model, "readings", nn.ModuleList())  # not in older files
    return any(True for _ in readings.children())
