# SPDX-License-Identifier: Apache-2.0
"""Travelled routes: the remembered states to pass on the way to a goal beyond the horizon."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.graph import Graph
from ami_ros.memory.landmarks import Landmarks
from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids

NEAREST = 5  # landmarks that a start or a goal may be joined to


@dataclass(frozen=True)
class Route:
    """Moments to pass, in order.

    Attributes:
        moments: ids of remembered moments.
        steps: duration to each from the previous one, to the first from the start, control steps.
    """

    moments: tuple[int, ...]
    steps: tuple[float, ...]


class Routes:
    """A graph over landmarks of remembered moments; its edges were travelled, or predicted by a model.

    A point nearer than `radius` to a landmark counts as being there: walls must be thicker.

    Args:
        size: size of a point (P).
        radius: least distance between landmarks, control steps.
        reach: largest distance of a start or goal from a landmark that it is joined to, control steps.
    """

    def __init__(self, size: int, radius: float, reach: float) -> None:
        self._landmarks, self._graph = Landmarks(size, radius), Graph()
        self._radius, self._reach = radius, reach
        self._moments: list[int] = []
        self._unreached: set[int] = set()  # landmarks that could not be reached from a start
        self._last: tuple[int, int, float] | None = None  # landmark, episode, time of the newest moment

    def __len__(self) -> int:
        """Return the number of landmarks."""
        return len(self._moments)

    def learn(self, ids: Ids, points: NDArray[Any], episodes: Ids, times: NDArray[Any]) -> list[int]:
        """Add moments in chronological order; return the indices of those that became landmarks.

        Args:
            ids: (N,) ids of the moments.
            points: (N, P) points of their states.
            episodes: (N,) numbers of their episodes.
            times: (N,) their times, in control steps.
        """
        nearest, new = self._landmarks.add(points)
        self._moments += [int(ids[place]) for place in new]
        for node, episode, time in zip(nearest.tolist(), episodes.tolist(), times.tolist(), strict=True):
            if self._last is not None and self._last[1] == episode and time > self._last[2]:
                self._graph.add(
                    self._last[0], node, max(time - self._last[2], self._away(self._last[0], node))
                )
            if self._last is None or self._last[0] != node or self._last[1] != episode:
                self._last = (node, episode, time)
        return new

    def believe(self, ahead: Floats, steps: float) -> None:
        """Add edges that were never travelled, from the newest landmarks.

        Args:
            ahead: (L, M, P) predicted outcomes of M moves from each of the newest L landmarks.
            steps: duration of a move, control steps.
        """
        first = len(self) - len(ahead)
        nearest, away = self._landmarks.nearest(ahead.reshape(-1, ahead.shape[2]))
        for move in np.flatnonzero(away <= self._radius).tolist():
            start, end = first + move // ahead.shape[1], int(nearest[move])
            self._graph.add(start, end, max(steps, self._away(start, end)))

    def _away(self, one: int, other: int) -> float:
        """Return the distance of two landmarks: moments near them may be nearer, and a route has many."""
        return float(np.linalg.norm(self._landmarks.points[one] - self._landmarks.points[other]))

    def fail(self, route: Route, place: int) -> None:
        """Raise the cost of the edge to a place of a route, given by its index: the world disagreed.

        The first place cannot start a route again until all is forgiven.
        """
        nodes = [self._moments.index(moment) for moment in route.moments[max(place - 1, 0) : place + 1]]
        if place > 0:
            self._graph.fail(nodes[0], nodes[1])
        else:
            self._unreached.add(nodes[0])

    def forgive(self) -> None:
        """Forget all failures."""
        self._graph.forgive()
        self._unreached.clear()

    def find(self, start: Floats, goal: Floats) -> Route | None:
        """Return the shortest route between two points (P,); None if none is known."""
        if not len(self):
            return None
        starts, ends = self._joined(start, self._unreached), self._joined(goal)
        way = self._graph.way(starts, ends)
        if not way:
            return None
        steps = [self._graph.cost(*edge) for edge in itertools.pairwise(way)]
        return Route(tuple(self._moments[node] for node in way), (starts[way[0]], *steps))

    def _joined(self, point: Floats, without: Collection[int] = ()) -> dict[int, float]:
        """Return landmark -> distance of the nearest within reach; of the single nearest if none is."""
        away = np.linalg.norm(self._landmarks.points - point, axis=1)
        away[list(without)] = np.inf
        order = np.argsort(away)[:NEAREST]
        near = [node for node in order.tolist() if away[node] <= self._reach] or order[:1].tolist()
        return {node: float(away[node]) for node in near if np.isfinite(away[node])}
