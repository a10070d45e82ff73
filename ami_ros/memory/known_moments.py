# SPDX-License-Identifier: Apache-2.0
"""Moments as one model sees them, for a planner: ways that were travelled, precedents, what to dread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.moment import Floats
from ami_ros.memory.precedents import Precedents
from ami_ros.memory.reader import Ids
from ami_ros.memory.routes import Route, Routes


class KnownMoments:
    """Implements `ami_ros.planning.experience.Experience` over what it is told.

    Args:
        radius: between landmarks of the ways, control steps.
        reach: how far a start or goal may be from a landmark, control steps.
        block: control steps of an action block.
        block_size: numbers of an action block (K A).

    Attributes:
        dreaded: (C, Z) states in which the world surprised the model, or the gate stopped the robot.
    """

    def __init__(self, radius: float, reach: float, block: int, block_size: int) -> None:
        self._radius, self._reach = radius, reach
        self._block, self._block_size = block, block_size
        self._forget()

    def _forget(self) -> None:
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._states: NDArray[Any] = np.zeros((0, 0), dtype=np.float16)
        self._ways: Routes | None = None
        self._precedents: Precedents | None = None
        self.dreaded: NDArray[Any] = np.zeros((0, 0), dtype=np.float16)

    def __len__(self) -> int:
        """Return how many moments there are."""
        return len(self._ids)

    def learn(
        self,
        ids: Ids,
        states: NDArray[Any],
        points: Floats,
        episodes: Ids,
        times: NDArray[Any],
        actions: Sequence[Floats | None],
    ) -> tuple[Routes, list[int]]:
        """Take moments in the order in which they were; return the ways, and which moments are landmarks.

        Args:
            ids: (N,) of the moments, rising and above all before.
            states: (N, Z).
            points: (N, P) of the states, in which a distance of 1 is a control step.
            episodes: (N,) their episodes' numbers.
            times: (N,) when they were, in control steps.
            actions: N times what was begun then, (K A,); None for nothing, as is any other number of them.
        """
        if self._ways is None or self._precedents is None:
            size = points.shape[1]
            self._ways = Routes(size, self._radius, self._reach)
            self._precedents = Precedents(size, self._block, self._block_size)
            self._states = self.dreaded = states[:0]
        landmarks = self._ways.learn(ids, points, episodes, times)
        self._precedents.learn(points.astype(np.float16), actions, episodes, times)
        self._ids, self._states = np.concatenate([self._ids, ids]), np.concatenate([self._states, states])
        return self._ways, landmarks

    def refresh(self) -> None:
        """Nothing is added by itself."""

    def way(self, start: Floats, goal: Floats) -> Route | None:
        """Return the shortest way that was travelled between two points (P,); None when none is known."""
        return None if self._ways is None else self._ways.find(start, goal)

    def states_of(self, way: Route) -> Floats:
        """Return the states (R, Z) to pass on a way."""
        return self._states[np.searchsorted(self._ids, way.moments)].astype(np.float32)

    def fail(self, way: Route, place: int) -> None:
        """Hear that one place of a way was not reached."""
        if self._ways is not None:
            self._ways.fail(way, place)

    def forgive(self) -> None:
        """Forget what was not reached."""
        if self._ways is not None:
            self._ways.forgive()

    def candidates(self, here: Floats, goal: Floats, count: int, blocks: int) -> list[Floats]:
        """Return action blocks (T, K A) that led from places like here (P,) toward goals like this (P,)."""
        if self._precedents is None:
            return []
        return [one.actions for one in self._precedents.toward(here, goal, count, blocks)]
