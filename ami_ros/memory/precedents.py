# SPDX-License-Identifier: Apache-2.0
"""What was done before where things were like this, and led toward goals like this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.index import Index
from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids

ALIKE = 64  # moments like now that are looked at


@dataclass(frozen=True, eq=False)
class Precedent:
    """Actions that were done, and how near they came.

    Attributes:
        actions: (T, K A) in [-1, 1], at most as many blocks as were asked for.
        away: of where they led to from the goal, control steps.
    """

    actions: Floats
    away: float


class Precedents:
    """Moments in the order in which they were, each with what was done then.

    Args:
        size: of a point (P).
        block: control steps of an action block.
        block_size: numbers of an action block (K A).
    """

    def __init__(self, size: int, block: int, block_size: int) -> None:
        self._index, self._block = Index(size), block
        self._points: NDArray[np.float16] = np.zeros((0, size), dtype=np.float16)
        # Not a number where nothing was done.
        self._actions: Floats = np.zeros((0, block_size), dtype=np.float32)
        self._episodes = np.zeros(0, dtype=np.int64)
        self._times: NDArray[Any] = np.zeros(0)

    def __len__(self) -> int:
        """Return how many moments there are."""
        return len(self._points)

    def learn(
        self,
        points: NDArray[np.float16],
        actions: Sequence[Floats | None],
        episodes: Ids,
        times: NDArray[Any],
    ) -> None:
        """Take what came next.

        Args:
            points: (N, P).
            actions: N times what was begun there, (K A,); None for nothing. A block of another length, as of
                a model with other blocks, is nothing.
            episodes: (N,) their numbers.
            times: (N,) when it was, in control steps.
        """
        self._index.add(len(self) + np.arange(len(points)), points)
        rows = np.full((len(actions), self._actions.shape[1]), np.nan, dtype=np.float32)
        for row, action in zip(rows, actions, strict=True):
            if action is not None and len(action) == len(row):
                row[:] = action
        self._points = np.concatenate([self._points, points])
        self._actions = np.concatenate([self._actions, rows])
        self._episodes = np.concatenate([self._episodes, episodes])
        self._times = np.concatenate([self._times, times])

    def toward(self, here: Floats, goal: Floats, count: int, blocks: int) -> list[Precedent]:
        """Return what came nearest to a goal (P,) from places like here (P,), nearest first.

        Each ends where it was nearest to the goal. None leads from one episode into the next, nor over what
        was forgotten, or never kept.

        Args:
            here: where the robot is.
            goal: where it shall go.
            count: how many at most.
            blocks: action blocks of each, at most.
        """
        if not len(self):
            return []
        starts, _ = self._index.nearest(here, ALIKE)
        moments = starts[:, None] + np.arange(blocks)
        there = np.minimum(moments + 1, len(self) - 1)
        done = (moments + 1 < len(self)) & (self._episodes[there] == self._episodes[starts][:, None])
        # A camera's stamps are not quite a block apart.
        done &= np.rint((self._times[there] - self._times[there - 1]) / self._block) == 1.0
        done &= np.isfinite(self._actions[there - 1]).all(axis=2)
        done = np.logical_and.accumulate(done, axis=1)
        away = np.full(done.shape, np.inf, dtype=np.float32)
        away[done] = np.linalg.norm(self._points[there[done]].astype(np.float32) - goal, axis=1)
        ends, nearest = away.argmin(axis=1), away.min(axis=1)
        rows = [row for row in np.argsort(nearest, kind="stable")[:count] if np.isfinite(nearest[row])]
        return [
            Precedent(self._actions[starts[row] : starts[row] + ends[row] + 1], float(nearest[row]))
            for row in rows
        ]
