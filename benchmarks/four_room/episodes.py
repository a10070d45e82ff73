# SPDX-License-Identifier: Apache-2.0
"""Episodes of planners, which choose actions from views, in the four rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.four_room.behaviour import Expert, Explorer
from benchmarks.four_room.tasks import MOST_STEPS, RoomTask
from benchmarks.four_room.view import STEPS, View, control_step, goal_view


class Player(Protocol):
    """Chooses actions."""

    def begin(self, goal: View, task: RoomTask) -> None:
        """Receive the view of the goal; the task itself is for baselines that know the truth."""

    def act(self, seen: View, truth: FloatArray) -> FloatArray:
        """Return the action (2,) in [-1, 1] for the next control step; `truth` (2,) px as before."""


@dataclass(frozen=True)
class RoomResult:
    """How a task ended.

    Attributes:
        task: its number.
        reached: whether the player came near enough in time.
        steps: of the world that the player took.
        away: px from the goal at the end.
    """

    task: int
    reached: bool
    steps: int
    away: float


def play(player: Player, task: RoomTask) -> RoomResult:
    """Play a task to its end; the first control step shows how the dots move, and counts."""
    generator = task.generator()
    world, double = task.begun(generator), Explorer(generator)
    player.begin(goal_view(task.goal, task.closed, generator), task)
    action, steps = np.zeros(2), 0
    while True:
        seen = control_step(world, action, double, generator)
        steps += STEPS
        if task.is_reached(world.agent) or steps + STEPS > MOST_STEPS:
            away = float(np.hypot(*(task.goal - world.agent)))
            return RoomResult(task.number, task.is_reached(world.agent), steps, away)
        action = player.act(seen, world.agent)


class RandomPlayer:
    """Acts randomly: the lower baseline."""

    def begin(self, goal: View, task: RoomTask) -> None:
        """Start again."""
        self._generator = np.random.default_rng(task.number)

    def act(self, seen: View, truth: FloatArray) -> FloatArray:
        """Return a random action."""
        return self._generator.uniform(-1.0, 1.0, 2)


class ExpertPlayer:
    """Knows the truth: the upper baseline."""

    def begin(self, goal: View, task: RoomTask) -> None:
        """Learn the way."""
        self._expert = Expert(task.goal, task.closed)

    def act(self, seen: View, truth: FloatArray) -> FloatArray:
        """Return the next action along the way."""
        return self._expert.action(truth, STEPS)


BASELINES: dict[str, Callable[[], Player]] = {"random": RandomPlayer, "expert": ExpertPlayer}
