# SPDX-License-Identifier: Apache-2.0
"""A planner's view of a memory file, which may grow while it plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.known_moments import KnownMoments
from ami_ros.memory.moment import Floats, Moment, Remembered
from ami_ros.memory.reader import Ids, MemoryReader
from ami_ros.types import RARE_SURPRISE, Level

Points = Callable[[NDArray[Any]], Floats]


@dataclass(frozen=True)
class Sight:
    """How a model represents moments.

    Attributes:
        model: SHA-256 of the model, which made their states.
        points_of: maps states (N, Z) to points (N, P), in which a distance of 1 is a control step.
        ahead_of: maps states (N, Z) to points (N, M, P) that M moves lead to; None if it cannot.
        ahead_steps: duration of such a move, control steps.
        step_ns: duration of a control step.
        block: control steps per action block.
        block_size: numbers per action block (K A).
    """

    model: str
    points_of: Points
    ahead_of: Points | None
    ahead_steps: float
    step_ns: int
    block: int
    block_size: int


class Experience(KnownMoments):
    """A task's moments in a file, read again when it grows.

    Args:
        path: path of the memory.
        sight: how the model represents them.
        task: task whose moments count.
        radius: distance between landmarks of the routes, control steps.
        reach: largest distance of a start or goal from a landmark, control steps.

    Raises:
        MemoryFileError: see `open_database`.
    """

    def __init__(self, path: Path, sight: Sight, task: str, radius: float, reach: float) -> None:
        super().__init__(radius, reach, sight.block, sight.block_size)
        self._path, self._sight, self._task = path, sight, task
        self.refresh()

    def refresh(self) -> None:
        """Read new moments, or all if some were forgotten; a missing file counts as empty."""
        if not self._path.exists():
            return
        with MemoryReader(self._path) as reader:
            there = reader.seen(self._sight.model, self._task, self._newest)
            if not np.array_equal(there, self._ids):
                self._forget()
            ids, states = reader.states(self._sight.model, self._task, self._newest)
            if len(ids):
                self._learn(reader.moments(ids.tolist(), sensed=False), ids, states)

    @property
    def _newest(self) -> int:
        return int(self._ids[-1]) if len(self) else 0

    def _learn(self, found: Sequence[Remembered], ids: Ids, states: NDArray[np.float16]) -> None:
        sight = self._sight
        ways, landmarks = self.learn(
            ids,
            states,
            sight.points_of(states),
            np.array([one.episode for one in found], dtype=np.int64),
            np.array([one.moment.stamp_ns / sight.step_ns for one in found]),
            [one.moment.action for one in found],
        )
        if sight.ahead_of is not None and landmarks:
            ways.believe(sight.ahead_of(states[landmarks]), sight.ahead_steps)
        bad = np.array([_is_bad(one.moment) for one in found], dtype=bool)
        self.dreaded = np.concatenate([self.dreaded, states[bad]])


def _is_bad(moment: Moment) -> bool:
    surprising = moment.surprise is not None and moment.surprise > RARE_SURPRISE
    return surprising or moment.verdict == Level.STOP.name
