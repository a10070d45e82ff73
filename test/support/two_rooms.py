# SPDX-License-Identifier: Apache-2.0
"""A model of two rooms whose right answers are known: a point that goes its way, and a wall with one door."""

from __future__ import annotations

import dataclasses

import torch
from robots import made_up_robot
from small_model import LATENT, SETTINGS, convex_jepa, small_contract
from torch import Tensor, nn

from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.runtime import ModelRuntime, in_memory

DOOR, DOOR_WIDTH, SIDE = 6.0, 3.0, 10.0  # of a yard from -10 to 10; the wall is x = 0
STRIDE, DIRECTIONS = 2.0, 8


class TwoRoomsCoarse(nn.Module):
    """Macro-actions lead in eight directions; a state is x, y and nothing else, and walls hold."""

    def __init__(self, door: float | None = DOOR) -> None:
        super().__init__()
        self.door = door
        angle = torch.arange(DIRECTIONS) * (2.0 * torch.pi / DIRECTIONS)
        self.macros = STRIDE * torch.stack([angle.cos(), angle.sin()], dim=1)

    def forward(self, state: Tensor) -> Tensor:
        """Return states (B, N, Z); who would go through the wall stays where it is."""
        here = state[:, None, :2].expand(-1, DIRECTIONS, -1)
        there = (here + self.macros).clamp(-SIDE, SIDE)
        ahead = state.unsqueeze(1).repeat(1, DIRECTIONS, 1)
        ahead[..., :2] = torch.where(self.blocked(here, there).unsqueeze(-1), here, there)
        return ahead

    def blocked(self, here: Tensor, there: Tensor) -> Tensor:
        """Return whether the wall is between two places (..., 2)."""
        crosses = here[..., 0] * there[..., 0] <= 0.0
        crosses &= here[..., 0] != there[..., 0]
        if self.door is None:
            return crosses
        share = here[..., 0] / (here[..., 0] - there[..., 0]).where(crosses, torch.ones(()))
        at = here[..., 1] + share * (there[..., 1] - here[..., 1])
        return crosses & ((at - self.door).abs() > 0.5 * DOOR_WIDTH)


def two_rooms(door: float | None = DOOR) -> ModelRuntime:
    """Return the model; None: the door is shut."""
    model: Jepa = convex_jepa()
    model.settings = dataclasses.replace(SETTINGS, macro_blocks=1, macros=DIRECTIONS)
    model.coarse = nn.ModuleList([TwoRoomsCoarse(door)])
    return in_memory(model, small_contract(model, made_up_robot()))


def at(x: float, y: float, size: int = 0) -> Tensor:
    """Return the state (Z,) of a place; with a size, the latent (D,)."""
    state = torch.zeros(size or LATENT + 16)
    state[:2] = torch.tensor([x, y])
    return state
