# SPDX-License-Identifier: Apache-2.0
"""Cost of measured values outside their bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.planning.state_columns import StateColumns
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight, and where it begins."""

    weight: float = setting("cost of one block a whole width outside of a band", ge=0.0, le=1e6)
    margin: float = setting("share of a band's width, at each border, that costs already", ge=0.0, lt=0.5)


class Term(nn.Module):
    """The squared way outside of each band, in widths of the band: the mean over the blocks.

    The bands are those of the sensors in the robot's YAML (`envelope`), which the gate enforces: plans that
    keep inside it are never led back.

    Args:
        world: unused.
        settings: weight and margin; weight 0 costs no time either.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.weight, self.margin = settings.weight, settings.margin
        self.columns, self.low, self.width = torch.zeros(0).long(), torch.zeros(0), torch.ones(0)

    def bind(self, columns: StateColumns) -> None:
        """Find the values that have a band."""
        bands = [(column.index, column.of(low), column.of(high)) for column, low, high in columns.bands]
        self.columns = torch.tensor([index for index, _, _ in bands]).long()
        low, high = (torch.tensor([band[end] for band in bands]) for end in (1, 2))
        margin = self.margin * (high - low)
        self.low, self.width = low + margin, high - low - 2.0 * margin

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        cost = torch.zeros_like(rollout.actions[:, 0, 0])
        if self.weight > 0.0 and len(self.columns) > 0:
            low, width = self.low.to(cost.device), self.width.to(cost.device)
            for state in rollout.states:
                place = (state.index_select(1, self.columns.to(cost.device)) - low) / width
                cost = cost + (torch.relu(-place) + torch.relu(place - 1.0)).square().sum(dim=1)
            cost = self.weight * cost / len(rollout.states)
        return cost
