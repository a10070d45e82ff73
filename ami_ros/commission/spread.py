# SPDX-License-Identifier: Apache-2.0
"""Goals that the camera took itself: pictures, and where each was taken, spread over all that was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray, ImageArray


@dataclass(frozen=True, eq=False)
class TakenGoal:
    """What was seen at a place.

    Attributes:
        images: camera -> (H, W, 3) uint8.
        place: (P,) where the body was, as `Place.of` says it.
    """

    images: Mapping[str, ImageArray]
    place: FloatArray


class SpreadGoals:
    """Keeps some of many goals, so that those that are nearest to each other are as far apart as may be.

    Args:
        most: that are kept.
        apart: how far two places (P,) are apart.
    """

    def __init__(self, most: int, apart: Callable[[FloatArray, FloatArray], float]) -> None:
        self._most, self._apart = most, apart
        self._goals: list[TakenGoal] = []
        self._gaps = np.full((most + 1, most + 1), np.inf)

    @property
    def kept(self) -> tuple[TakenGoal, ...]:
        """Those that are kept: first the newest, then each time the one that is farthest from all before."""
        order, rest = [len(self._goals) - 1][: len(self._goals)], list(range(len(self._goals) - 1))
        while rest:
            order.append(max(rest, key=lambda i: self._gaps[i, order].min()))
            rest.remove(order[-1])
        return tuple(self._goals[i] for i in order)

    def offer(self, goal: TakenGoal) -> None:
        """Keep a goal, perhaps in place of another one."""
        new = len(self._goals)
        gaps = [self._apart(goal.place, other.place) for other in self._goals]
        self._gaps[new, :new] = self._gaps[:new, new] = gaps
        self._goals.append(goal)
        if new < self._most:
            return
        one, other = np.unravel_index(self._gaps.argmin(), self._gaps.shape)
        # Of the two that are nearest to each other, the one goes that is nearer to a third.
        without = [np.delete(self._gaps[i], [one, other]).min(initial=np.inf) for i in (one, other)]
        self._drop(int(one if without[0] <= without[1] else other))

    def _drop(self, index: int) -> None:
        del self._goals[index]
        rest = np.delete(np.delete(self._gaps, index, axis=0), index, axis=1)
        self._gaps = np.full_like(self._gaps, np.inf)
        self._gaps[: len(rest), : len(rest)] = rest


def next_goal(places: FloatArray, tried: Mapping[int, int], gaps: FloatArray, near: float) -> int:
    """Return which goal is next: one tried least, not where the robot is already, the first of them.

    Args:
        places: (N, P) of the goals, at least one.
        tried: index -> how often it was tried.
        gaps: (N,) from the robot to each.
        near: closer ones say little; they are taken only where there are no others.
    """
    far = [i for i in range(len(places)) if gaps[i] > near] or list(range(len(places)))
    return min(far, key=lambda i: (tried.get(i, 0), i))
