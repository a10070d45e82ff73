# SPDX-License-Identifier: Apache-2.0
"""Past actions in similar situations that led toward similar goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.index import Index
from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids

ALIKE = 64  # similar moments considered


@dataclass(frozen=True, eq=False)
class Precedent:
    """Past actions, and how near they came.

    Attributes:
        actions: (T, K A) in [-1, 1], at most the requested number of blocks.
        away: distance of their outcome from the goal, control steps.
    """

    actions: Floats
    away: float


class Precedents:
    """Moments in chronological order, each with its action.

    Args:
        size: size of a point (P).
        block: control steps per action block.
        block_size: numbers per action block (K A).
    """

    def __init__(self, size: int, block: int, block_size: int) -> None:
        self._index, self._block = Index(size), block
        self._points: NDArray[np.float16] = np.zeros((0, size), dtype=np.float16)
        # NaN where there was no action.
        self._actions: Floats = np.zeros((0, block_size), dtype=np.float32)
        self._episodes = np.zeros(0, dtype=np.int64)
        self._times: NDArray[Any] = np.zeros(0)

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self._points)

    def learn(
        self,
        points: NDArray[np.float16],
        actions: Sequence[Floats | None],
        episodes: Ids,
        times: NDArray[Any],
    ) -> None:
        """Add the next moments.

        Args:
            points: (N, P) points.
            actions: N action blocks begun there, (K A,); None for none. A block of another length, as from a
                model with other blocks, counts as none.
            episodes: (N,) numbers of their episodes.
            times: (N,) their times, in control steps.
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
        """Return the action sequences from similar places that came nearest to a goal, nearest first.

        Each ends where it was nearest to the goal. None crosses into another episode, or over moments that
        were forgotten or never stored.

        Args:
            here: (P,) the robot's current point.
            goal: (P,) the goal's point.
            count: largest number of sequences.
            blocks: largest number of action blocks in each.
        """
        if not len(self):
            return []
        starts, _ = self._index.nearest(here, ALIKE)
        moments = starts[:, None] + np.arange(blocks)
        there = np.minimum(moments + 1, len(self) - 1)
        done = (moments + 1 < len(self)) & (self._episodes[there] == self._episodes[starts][:, None])
        # A camera's stamps are not exactly a block apart.
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
