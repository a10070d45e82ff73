# SPDX-License-Identifier: Apache-2.0
"""Goals that the camera took itself: pictures, and where each was taken, spread over all that was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """Keeps some of many goals, spread over all of them: no two are nearer to each other than a radius.

    The radius grows whenever there are too many.

    Args:
        most: that are kept.
        point: of a place (P,) what counts, as `Place.point` tells it.
    """

    def __init__(self, most: int, point: Callable[[FloatArray], FloatArray]) -> None:
        self._most, self._point = most, point
        self._goals: list[tuple[FloatArray, TakenGoal]] = []
        self._radius = 0.0

    @property
    def count(self) -> int:
        """How many are kept."""
        return len(self._goals)

    @property
    def kept(self) -> tuple[TakenGoal, ...]:
        """Those that are kept: first the oldest, then each time the one that is farthest from all before."""
        order, rest = self._goals[:1], self._goals[1:]
        while rest:
            order.append(rest.pop(int(np.argmax([_nearest(point, order) for point, _ in rest]))))
        return tuple(goal for _, goal in order)

    def offer(self, goal: TakenGoal) -> None:
        """Keep a goal, unless there is one so near."""
        point = self._point(goal.place)
        if _nearest(point, self._goals) <= self._radius:
            return
        self._goals.append((point, goal))
        while len(self._goals) > self._most:
            self._radius = min(_nearest(it[0], self._goals[:i]) for i, it in enumerate(self._goals))
            thinned: list[tuple[FloatArray, TakenGoal]] = []
            for one in self._goals:
                if _nearest(one[0], thinned) > self._radius:
                    thinned.append(one)
            self._goals = thinned


def _nearest(point: FloatArray, others: Sequence[tuple[FloatArray, TakenGoal]]) -> float:
    """Return how far the nearest of other points is; infinite without any."""
    if not others:
        return np.inf
    return float(np.linalg.norm(np.stack([it[0] for it in others]) - point, axis=1).min())


def next_goal(tried: Mapping[int, int], gaps: FloatArray, near: float) -> int:
    """Return which goal is next: one tried least, not where the robot is already, the first of them.

    Args:
        tried: index -> how often it was tried.
        gaps: (N,) from the robot to each, at least one.
        near: closer ones say little; they are taken only where there are no others.
    """
    far = [i for i, gap in enumerate(gaps.tolist()) if gap > near] or list(range(len(gaps)))
    return min(far, key=lambda i: (tried.get(i, 0), i))
