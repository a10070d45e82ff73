# SPDX-License-Identifier: Apache-2.0
"""Goals that the camera took: pictures and their places, spread over everything seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray, ImageArray


@dataclass(frozen=True, eq=False)
class TakenGoal:
    """The pictures at a place.

    Attributes:
        images: camera -> (H, W, 3) uint8.
        place: (P,) of the body, see `Place.of`.
    """

    images: Mapping[str, ImageArray]
    place: FloatArray


class SpreadGoals:
    """Keeps some of many goals, spread over all of them: no two are closer than a radius.

    The radius grows when there are too many goals.

    Args:
        most: largest number of goals to keep.
        point: position of a place (P,), see `Place.point`.
    """

    def __init__(self, most: int, point: Callable[[FloatArray], FloatArray]) -> None:
        self._most, self._point = most, point
        self._goals: list[tuple[FloatArray, TakenGoal]] = []
        self._radius = 0.0

    @property
    def count(self) -> int:
        """Number of goals kept."""
        return len(self._goals)

    @property
    def kept(self) -> tuple[TakenGoal, ...]:
        """The goals kept: the oldest first, then each time the one farthest from all before."""
        order, rest = self._goals[:1], self._goals[1:]
        while rest:
            order.append(rest.pop(int(np.argmax([_nearest(point, order) for point, _ in rest]))))
        return tuple(goal for _, goal in order)

    def offer(self, goal: TakenGoal) -> None:
        """Keep a goal, unless one within the radius exists."""
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
    """Return the distance to the nearest other point; infinite without any."""
    if not others:
        return np.inf
    return float(np.linalg.norm(np.stack([it[0] for it in others]) - point, axis=1).min())


def next_goal(tried: Mapping[int, int], gaps: FloatArray, near: float) -> int:
    """Return the next goal: the first of the least tried ones at which the robot is not already.

    Args:
        tried: index -> how often it was tried.
        gaps: (N,) from the robot to each, at least one.
        near: closer goals show little; they are taken only if there are no others.
    """
    far = [i for i, gap in enumerate(gaps.tolist()) if gap > near] or list(range(len(gaps)))
    return min(far, key=lambda i: (tried.get(i, 0), i))
