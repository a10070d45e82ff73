# SPDX-License-Identifier: Apache-2.0
"""What was done before where things were like this, and led toward goals like this one."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    def __init__(self, size: int) -> None:
        self._index = Index(size)
        self._points: NDArray[np.float16] = np.zeros((0, size), dtype=np.float16)
        self._actions: list[Floats | None] = []
        self._episodes = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        """Return how many moments there are."""
        return len(self._actions)

    def learn(self, points: NDArray[np.float16], actions: list[Floats | None], episodes: Ids) -> None:
        """Take what came next: points (N, P), what was begun there, None for nothing, and episodes (N,)."""
        self._index.add(len(self) + np.arange(len(actions)), points)
        self._points = np.concatenate([self._points, points])
        self._episodes = np.concatenate([self._episodes, episodes])
        self._actions += actions

    def toward(self, here: Floats, goal: Floats, count: int, blocks: int) -> list[Precedent]:
        """Return what came nearest to a goal (P,) from places like here (P,), nearest first.

        Args:
            here: where the robot is.
            goal: where it shall go.
            count: how many at most.
            blocks: action blocks of each, at most.
        """
        if not len(self):
            return []
        starts, _ = self._index.nearest(here, ALIKE)
        found = [self._followed(int(start), goal, blocks) for start in starts]
        known = [precedent for precedent in found if precedent is not None]
        return sorted(known, key=lambda precedent: precedent.away)[:count]

    def _followed(self, start: int, goal: Floats, blocks: int) -> Precedent | None:
        """Return what was done from a moment on until it was nearest to the goal; None where nothing was."""
        done: list[Floats] = []
        while len(done) < blocks and (action := self._done(start + len(done))) is not None:
            done.append(action)
        if not done:
            return None
        led_to = self._points[start + 1 : start + 1 + len(done)].astype(np.float32)
        away = np.linalg.norm(led_to - goal, axis=1)
        best = int(away.argmin())
        return Precedent(np.stack(done[: best + 1]), float(away[best]))

    def _done(self, place: int) -> Floats | None:
        """Return the action that led from one moment to the next of its episode."""
        if place + 1 >= len(self) or self._episodes[place] != self._episodes[place + 1]:
            return None
        return self._actions[place]
