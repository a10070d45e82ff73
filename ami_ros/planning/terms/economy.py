# SPDX-License-Identifier: Apache-2.0
"""Cost of what has a price: fuel, heat, a valve's opening, less a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.errors import ConfigError, shown
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.state_columns import StateColumns
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Weight and prices."""

    weight: float = setting("of the prices, next to the other terms", ge=0.0, le=1e6)
    prices: str = setting(
        "sensor.value:=price and channel:=price per unit and block, separated by spaces; negative: earned"
    )


class Term(nn.Module):
    """The price of the measured values and of the actions: the mean over the blocks.

    Constants are left out: they change no plan.

    Args:
        world: unused.
        settings: weight and prices; weight 0 costs no time either.
    """

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.weight, self._prices = settings.weight, settings.prices
        self.columns, self.of_states, self.of_actions = torch.zeros(0).long(), torch.zeros(0), torch.zeros(0)

    def bind(self, columns: StateColumns) -> None:
        """Find what has a price.

        Raises:
            ConfigError: an unknown name, or a price that is not a number.
        """
        if self.weight == 0.0:
            return
        found: dict[int, float] = {}
        self.of_actions = torch.zeros(len(columns.channels))
        for name, price in _read(self._prices).items():
            if name in columns.channels:
                self.of_actions[columns.channels.index(name)] = price * columns.half_range(name)
                continue
            try:
                column = columns.column(name)
            except ConfigError as error:
                raise ConfigError(f"terms.economy.prices: {error}") from error
            found[column.index] = price * column.scale
        self.columns = torch.tensor(list(found)).long()
        self.of_states = torch.tensor(list(found.values()))

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        cost = torch.zeros_like(rollout.actions[:, 0, 0])
        if self.weight > 0.0:
            prices = self.of_actions.to(cost.device)
            steps = rollout.actions.reshape(cost.shape[0], -1, prices.shape[0])
            cost = (steps @ prices).mean(dim=1)
            if len(self.columns) > 0:
                columns, prices = self.columns.to(cost.device), self.of_states.to(cost.device)
                for state in rollout.states:
                    cost = cost + state.index_select(1, columns) @ prices / len(rollout.states)
            cost = self.weight * cost
        return cost


def _read(prices: str) -> dict[str, float]:
    found = {}
    for part in prices.split():
        name, _, price = part.partition(":=")
        try:
            found[name] = float(price)
        except ValueError as error:
            raise ConfigError(
                f"terms.economy.prices: got {shown(part)}, expected name:=price, such as fuel.flow:=1.5"
            ) from error
    return found
