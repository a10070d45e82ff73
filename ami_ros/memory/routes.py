# SPDX-License-Identifier: Apache-2.0
"""Ways that were travelled: which remembered states to pass on the way to a goal that no horizon reaches."""

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
    """What to pass, in order.

    Attributes:
        moments: ids of remembered moments.
        steps: how long it takes to each from the one before, to the first from the start, control steps.
    """

    moments: tuple[int, ...]
    steps: tuple[float, ...]


class Routes:
    """A graph over landmarks of what was remembered; its edges were travelled, or a model believes in them.

    Whatever is nearer than `radius` to a landmark counts as there: walls must be thicker.

    Args:
        size: of a point (P).
        radius: between landmarks, at least, control steps.
        reach: how far a start or a goal may be from a landmark that it is joined to, control steps.
    """

    def __init__(self, size: int, radius: float, reach: float) -> None:
        self._landmarks, self._graph = Landmarks(size, radius), Graph()
        self._radius, self._reach = radius, reach
        self._moments: list[int] = []
        self._unreached: set[int] = set()  # landmarks that could not be joined to
        self._last: tuple[int, int, float] | None = None  # landmark, episode, time of the newest moment

    def __len__(self) -> int:
        """Return how many landmarks there are."""
        return len(self._moments)

    def learn(self, ids: Ids, points: NDArray[Any], episodes: Ids, times: NDArray[Any]) -> list[int]:
        """Take moments in the order in which they were; return which of them (by place) became landmarks.

        Args:
            ids: (N,) of the moments.
            points: (N, P) of their states.
            episodes: (N,) their episodes' numbers.
            times: (N,) when they were, in control steps.
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
        """Add ways that nobody travelled, from the newest landmarks.

        Args:
            ahead: (L, M, P) where the model believes that M moves of each of the newest L landmarks lead.
            steps: how long a move takes, control steps.
        """
        first = len(self) - len(ahead)
        nearest, away = self._landmarks.nearest(ahead.reshape(-1, ahead.shape[2]))
        for move in np.flatnonzero(away <= self._radius).tolist():
            start, end = first + move // ahead.shape[1], int(nearest[move])
            self._graph.add(start, end, max(steps, self._away(start, end)))

    def _away(self, one: int, other: int) -> float:
        """Return how far landmarks are apart: moments near them may be nearer, and a way is made of many."""
        return float(np.linalg.norm(self._landmarks.points[one] - self._landmarks.points[other]))

    def fail(self, route: Route, place: int) -> None:
        """Let what leads to a place of a route, by its index there, cost more: the world did not agree.

        The first place is no start of a route any more, until all is forgiven.
        """
        nodes = [self._moments.index(moment) for moment in route.moments[max(place - 1, 0) : place + 1]]
        if place > 0:
            self._graph.fail(nodes[0], nodes[1])
        else:
            self._unreached.add(nodes[0])

    def forgive(self) -> None:
        """Forget what was not reached."""
        self._graph.forgive()
        self._unreached.clear()

    def find(self, start: Floats, goal: Floats) -> Route | None:
        """Return the shortest way between two points (P,); None when none is known."""
        if not len(self):
            return None
        starts, ends = self._joined(start, self._unreached), self._joined(goal)
        way = self._graph.way(starts, ends)
        if not way:
            return None
        steps = [self._graph.cost(*edge) for edge in itertools.pairwise(way)]
        return Route(tuple(self._moments[node] for node in way), (starts[way[0]], *steps))

    def _joined(self, point: Floats, without: Collection[int] = ()) -> dict[int, float]:
        """Return landmark -> distance of the nearest within reach; of the nearest one when none is."""
        away = np.linalg.norm(self._landmarks.points - point, axis=1)
        away[list(without)] = np.inf
        order = np.argsort(away)[:NEAREST]
        near = [node for node in order.tolist() if away[node] <= self._reach] or order[:1].tolist()
        return {node: float(away[node]) for node in near if np.isfinite(away[node])}
