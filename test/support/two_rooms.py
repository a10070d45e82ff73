# SPDX-License-Identifier: Apache-2.0
"""A model of two rooms whose right answers are known: a point that goes its way, and a wall with one door."""

from __future__ import annotations

import dataclasses

import torch
from robots import made_up_robot
from small_model import LATENT, SETTINGS, convex_jepa, in_memory, small_contract
from torch import Tensor, nn

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.runtime import ModelRuntime

DOOR, DOOR_WIDTH, SIDE = 6.0, 3.0, 10.0  # of a yard from -10 to 10; the wall is x = 0
STRIDE, DIRECTIONS = 2.0, 8


def stopped_clock_ns() -> int:
    """Tell a time that stands still: a search has all the time that it wants."""
    return 0


class Walls:
    """The wall between the rooms; where nobody knows of it, everything is a door."""

    def __init__(self, door: float | None, known: bool = True) -> None:
        self.door, self.known = door, known

    def led(self, here: Tensor, there: Tensor) -> Tensor:
        """Return where ways lead (..., 2): who would go through the wall stays where it is."""
        there = there.clamp(-SIDE, SIDE)
        return torch.where(self.blocked(here, there).unsqueeze(-1), here, there)

    def blocked(self, here: Tensor, there: Tensor) -> Tensor:
        """Return whether the wall is between two places (..., 2)."""
        crosses = here[..., 0] * there[..., 0] <= 0.0
        crosses &= here[..., 0] != there[..., 0]
        crosses &= self.known
        if self.door is None:
            return crosses
        share = here[..., 0] / (here[..., 0] - there[..., 0]).where(crosses, torch.ones(()))
        at = here[..., 1] + share * (there[..., 1] - here[..., 1])
        return crosses & ((at - self.door).abs() > 0.5 * DOOR_WIDTH)


class TwoRoomsPredictor(nn.Module):
    """A step leads where the first two numbers of the action say, and walls hold."""

    def __init__(self, walls: Walls) -> None:
        super().__init__()
        self.walls, self.reach = walls, 1.0

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """Return states (B, Z)."""
        ahead = state.clone()
        ahead[:, :2] = self.walls.led(state[:, :2], state[:, :2] + self.reach * action[:, :2])
        return ahead


class TwoRoomsCoarse(nn.Module):
    """Macro-actions lead in eight directions; a state is x, y and nothing else, and walls hold."""

    def __init__(self, walls: Walls) -> None:
        super().__init__()
        self.walls = walls
        angle = torch.arange(DIRECTIONS) * (2.0 * torch.pi / DIRECTIONS)
        self.register_buffer("macros", STRIDE * torch.stack([angle.cos(), angle.sin()], dim=1))

    def forward(self, state: Tensor) -> Tensor:
        """Return states (B, N, Z); who would go through the wall stays where it is."""
        here = state[:, None, :2].expand(-1, DIRECTIONS, -1)
        ahead = state.unsqueeze(1).repeat(1, DIRECTIONS, 1)
        ahead[..., :2] = self.walls.led(here, here + self.macros)
        return ahead


def two_rooms(
    door: float | None = DOOR, coarse_knows: bool = True, predictor_knows: bool = True, macro_blocks: int = 1
) -> ModelRuntime:
    """Return the model; None: the door is shut. Who does not know the wall goes through it by mistake."""
    model: Jepa = convex_jepa()
    model.settings = dataclasses.replace(SETTINGS, macro_blocks=macro_blocks, macros=DIRECTIONS)
    model.coarse = nn.ModuleList([TwoRoomsCoarse(Walls(door, coarse_knows))])
    model.predictor = TwoRoomsPredictor(Walls(door, predictor_knows))
    return in_memory(model, small_contract(model, made_up_robot()))


def at(x: float, y: float, size: int = 0) -> Tensor:
    """Return the state (Z,) of a place; with a size, the latent (D,)."""
    state = torch.zeros(size or LATENT + 16)
    state[:2] = torch.tensor([x, y])
    return state


def goal(x: float, y: float) -> EncodedGoal:
    """Return the goal to be at a place."""
    return EncodedGoal([at(x, y, LATENT)], [0], "slow")
