# SPDX-License-Identifier: Apache-2.0
"""What moves the point: our planner with a model of the recorded walks, or anything."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.types import FloatArray, Goal
from benchmarks.model_player import ModelPlayer
from benchmarks.point_maze.world import SPEED


class Player(Protocol):
    """Moves the point; it never sees the map."""

    def begin(self, goal: FloatArray, seed: int) -> None:
        """Begin an episode toward a place (2,)."""

    def act(self, place: FloatArray) -> FloatArray:
        """Return the action (2,) in [-1, 1] of a control step that begins at a place (2,)."""


class Ours(ModelPlayer):
    """Implements `Player` with a world model of the recorded walks."""

    def begin(self, goal: FloatArray, seed: int) -> None:
        """Forget the last episode."""
        self.pursue(Goal(vectors={"position": goal}))

    def act(self, place: FloatArray) -> FloatArray:
        """Plan, and return the first action."""
        return self.first_action({"position": place}) / SPEED


class Random:
    """Implements `Player`: any action, the lower end."""

    def begin(self, goal: FloatArray, seed: int) -> None:
        """Start again."""
        self._generator = np.random.default_rng(seed)

    def act(self, place: FloatArray) -> FloatArray:
        """Return an action, uniform in its range."""
        return self._generator.uniform(-1.0, 1.0, 2)
