# SPDX-License-Identifier: Apache-2.0
"""A graph whose edges take time, and the shortest path through it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

FAILED = 4.0  # each failure multiplies the cost of an edge by this
GIVEN_UP = 3  # failures after which an edge is blocked, until all are forgiven


class Graph:
    """Edges between numbered nodes, each with a cost; an edge that is added again keeps the lower cost."""

    def __init__(self) -> None:
        self._costs: dict[int, dict[int, float]] = {}
        self._failures: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        """Return the number of edges."""
        return sum(len(ends) for ends in self._costs.values())

    def add(self, start: int, end: int, cost: float) -> None:
        """Add an edge; edges from a node to itself are ignored."""
        if start != end:
            known = self._costs.setdefault(start, {})
            known[end] = min(cost, known.get(end, cost))

    def fail(self, start: int, end: int) -> None:
        """Raise the cost of an edge: the world disagreed with it."""
        self._failures[start, end] = self._failures.get((start, end), 0) + 1

    def forgive(self) -> None:
        """Forget all failures."""
        self._failures.clear()

    def cost(self, start: int, end: int) -> float:
        """Return the current cost of an edge; infinity if it is blocked."""
        failures = self._failures.get((start, end), 0)
        return float("inf") if failures >= GIVEN_UP else self._costs[start][end] * FAILED**failures

    def way(self, starts: Mapping[int, float], ends: Mapping[int, float]) -> list[int]:
        """Return the nodes of the cheapest path; empty if there is none.

        Source: Dijkstra, "A note on two problems in connexion with graphs" (1959).

        Args:
            starts: node -> cost to get there.
            ends: node -> cost from there on.
        """
        best = dict(starts)
        before: dict[int, int] = {}
        waiting = [(cost, node) for node, cost in starts.items()]
        heapq.heapify(waiting)
        found, last = float("inf"), None
        while waiting and waiting[0][0] < found:
            so_far, node = heapq.heappop(waiting)
            if so_far > best[node]:
                continue
            if node in ends and so_far + ends[node] < found:
                found, last = so_far + ends[node], node
            for end in self._costs.get(node, {}):
                cost = so_far + self.cost(node, end)
                if cost < best.get(end, float("inf")):
                    best[end], before[end] = cost, node
                    heapq.heappush(waiting, (cost, end))
        way: list[int] = [] if last is None else [last]
        while way and way[-1] in before:
            way.append(before[way[-1]])
        return way[::-1]

    def edges(self) -> Iterable[tuple[int, int, float]]:
        """Yield start, end and cost of each edge."""
        for start, ends in self._costs.items():
            for end in ends:
                yield start, end, self.cost(start, end)
