# SPDX-License-Identifier: Apache-2.0
"""What moves the agent: our planner with a model of the recorded walks, or anything."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.types import FloatArray, Goal, ImageArray
from benchmarks.model_player import ModelPlayer


class Player(Protocol):
    """Moves the agent; it sees pictures alone."""

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Begin an episode toward what a picture (side, side, 3) shows."""

    def act(self, seen: ImageArray) -> FloatArray:
        """Return the action (2,) in [-1, 1] of a control step that begins at a picture (side, side, 3)."""


class Ours(ModelPlayer):
    """Implements `Player` with a world model of the recorded walks."""

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Encode the goal."""
        self.pursue(Goal(images={self._spec.camera.name: goal}))

    def act(self, seen: ImageArray) -> FloatArray:
        """Plan, and return the first action."""
        return self.first_action({self._spec.camera.name: seen})


class Random:
    """Implements `Player`: any action, the lower end."""

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Start again."""
        self._generator = np.random.default_rng(seed)

    def act(self, seen: ImageArray) -> FloatArray:
        """Return an action, uniform in its range."""
        return self._generator.uniform(-1.0, 1.0, 2)
