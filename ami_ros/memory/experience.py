# SPDX-License-Identifier: Apache-2.0
"""What a planner has of a memory: ways that were travelled, precedents, and where to be careful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.moment import Floats, Moment
from ami_ros.memory.precedents import Precedents
from ami_ros.memory.reader import Ids, MemoryReader
from ami_ros.memory.routes import Route, Routes
from ami_ros.types import RARE_SURPRISE, Level

Points = Callable[[NDArray[Any]], Floats]


@dataclass(frozen=True)
class Sight:
    """How a model sees moments.

    Attributes:
        model: SHA-256 of the model, which made their states.
        points_of: states (N, Z) to points (N, P), in which a distance of 1 is a control step.
        ahead_of: states (N, Z) to points (N, M, P) that M moves lead to; None where it cannot tell.
        ahead_steps: how long such a move takes, control steps.
        step_ns: one control step.
    """

    model: str
    points_of: Points
    ahead_of: Points | None
    ahead_steps: float
    step_ns: int


class Experience:
    """A task's moments as one model sees them, read again when there are more.

    Args:
        path: of the memory.
        sight: how the model sees them.
        task: whose moments count.
        radius: between landmarks of the ways, control steps.
        reach: how far a start or goal may be from a landmark, control steps.

    Attributes:
        dreaded: (C, Z) states in which the world surprised the model, or the gate stopped the robot.

    Raises:
        MemoryFileError: see `open_database`.
    """

    def __init__(self, path: Path, sight: Sight, task: str, radius: float, reach: float) -> None:
        self._path, self._sight, self._task = path, sight, task
        self._radius, self._reach = radius, reach
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._states: NDArray[np.float16] = np.zeros((0, 0), dtype=np.float16)
        self._ways: Routes | None = None
        self._precedents: Precedents | None = None
        self.dreaded: NDArray[np.float16] = np.zeros((0, 0), dtype=np.float16)

    def __len__(self) -> int:
        """Return how many moments there are."""
        return len(self._ids)

    def refresh(self) -> None:
        """Read what is new, or all where something was forgotten; a file that is not there yet is empty."""
        if not self._path.exists():
            return
        with MemoryReader(self._path) as reader:
            if reader.count(self._sight.model, self._task, self._newest) != len(self):
                self._forget()
            ids, states = reader.states(self._sight.model, self._task, self._newest)
            if len(ids):
                self._learn(reader, ids, states)

    @property
    def _newest(self) -> int:
        return int(self._ids[-1]) if len(self) else 0

    def _learn(self, reader: MemoryReader, ids: Ids, states: NDArray[np.float16]) -> None:
        points, found = self._sight.points_of(states), reader.moments(ids.tolist(), sensed=False)
        if self._ways is None or self._precedents is None:
            size = points.shape[1]
            self._ways, self._precedents = Routes(size, self._radius, self._reach), Precedents(size)
            self._states = self.dreaded = states[:0]
        episodes = np.array([one.episode for one in found], dtype=np.int64)
        times = np.array([one.moment.stamp_ns / self._sight.step_ns for one in found])
        landmarks = self._ways.learn(ids, points, episodes, times)
        if self._sight.ahead_of is not None and landmarks:
            self._ways.believe(self._sight.ahead_of(states[landmarks]), self._sight.ahead_steps)
        self._precedents.learn(points.astype(np.float16), [one.moment.action for one in found], episodes)
        bad = np.array([_is_bad(one.moment) for one in found], dtype=bool)
        self.dreaded = np.concatenate([self.dreaded, states[bad]])
        self._ids, self._states = np.concatenate([self._ids, ids]), np.concatenate([self._states, states])

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


def _is_bad(moment: Moment) -> bool:
    surprising = moment.surprise is not None and moment.surprise > RARE_SURPRISE
    return surprising or moment.verdict == Level.STOP.name
