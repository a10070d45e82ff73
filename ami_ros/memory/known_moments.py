# SPDX-License-Identifier: Apache-2.0
"""Moments as one model represents them, for a planner: travelled routes, precedents, states to avoid."""

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
    """Implements `ami_ros.planning.experience.Experience` over the moments that it receives.

    Args:
        radius: distance between landmarks of the routes, control steps.
        reach: largest distance of a start or goal from a landmark, control steps.
        block: control steps per action block.
        block_size: numbers per action block (K A).

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
        """Return the number of moments."""
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
        """Add moments in chronological order; return the routes, and which moments are landmarks.

        Args:
            ids: (N,) ids of the moments, ascending and above all earlier ones.
            states: (N, Z) states.
            points: (N, P) points of the states, in which a distance of 1 is a control step.
            episodes: (N,) numbers of their episodes.
            times: (N,) their times, in control steps.
            actions: N action blocks begun then, (K A,); None for none, and any other size counts as none.
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
        """Do nothing: only `learn` adds moments."""

    def way(self, start: Floats, goal: Floats) -> Route | None:
        """Return the shortest travelled route between two points (P,); None if none is known."""
        return None if self._ways is None else self._ways.find(start, goal)

    def states_of(self, way: Route) -> Floats:
        """Return the states (R, Z) along a route."""
        return self._states[np.searchsorted(self._ids, way.moments)].astype(np.float32)

    def fail(self, way: Route, place: int) -> None:
        """Record that one place of a route was not reached."""
        if self._ways is not None:
            self._ways.fail(way, place)

    def forgive(self) -> None:
        """Forget all failures."""
        if self._ways is not None:
            self._ways.forgive()

    def candidates(self, here: Floats, goal: Floats, count: int, blocks: int) -> list[Floats]:
        """Return action blocks (T, K A) that led from places like `here` (P,) to goals like `goal` (P,)."""
        if self._precedents is None:
            return []
        return [one.actions for one in self._precedents.toward(here, goal, count, blocks)]
