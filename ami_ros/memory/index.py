# SPDX-License-Identifier: Apache-2.0
"""Finds the remembered states most similar to a state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import MemoryFileError
from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids
from ami_ros.system.extras import require

EXACT_UP_TO = 20_000  # points compared one by one: takes about as long as an encoder
# Of the graph: links of a point, and number of others visited when one is added, or searched.
LINKS, LOOKED_AT_TO_ADD, LOOKED_AT = 16, 64, 64


class Index:
    """Points (F,) by id, in which a distance of 1 is one control step of motion.

    Up to `EXACT_UP_TO` points, the search compares all; beyond, a graph finds the nearest almost surely.

    Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
    navigable small world graphs" (2018), as in the library usearch.

    Args:
        size: size of a point (F).
        exact_up_to: number of points that are compared one by one.
    """

    def __init__(self, size: int, exact_up_to: int = EXACT_UP_TO) -> None:
        self._size, self._exact_up_to = size, exact_up_to
        self._ids = np.zeros(0, dtype=np.int64)
        self._points = np.zeros((0, size), dtype=np.float16)
        self._all: Floats | None = None
        self._squares = np.zeros(0, dtype=np.float32)
        self._graph: Any = None

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self._ids) if self._graph is None else len(self._graph)

    def add(self, ids: Ids, points: NDArray[Any]) -> None:
        """Add points (N, F); their ids (N,) must be new.

        Raises:
            MemoryFileError: wrong size, or not finite.
            ConfigError: there are too many for an exact search, and the package for more is not installed.
        """
        with np.errstate(over="ignore"):  # values that are too large are refused below
            points = np.asarray(points, dtype=np.float16)
        if points.shape != (len(ids), self._size) or not np.isfinite(points).all():
            raise MemoryFileError(
                f"index: got points {points.shape} of {len(ids)} ids, expected {self._size} finite numbers"
            )
        if self._graph is not None:
            self._graph.add(np.asarray(ids), points, threads=1)
            return
        self._ids, self._points = np.concatenate([self._ids, ids]), np.concatenate([self._points, points])
        self._all = None
        if len(self._ids) > self._exact_up_to:
            graph = _graph(self._size)
            graph.add(self._ids, self._points, threads=1)
            self._graph, self._ids, self._points = graph, self._ids[:0], self._points[:0]

    def nearest(self, point: Floats, count: int) -> tuple[Ids, Floats]:
        """Return the ids and distances of the `count` nearest points, or of all if fewer, nearest first."""
        if self._graph is not None:
            found = self._graph.search(np.asarray(point, dtype=np.float16), count, threads=1)
            return found.keys.astype(np.int64), np.sqrt(np.maximum(found.distances, 0.0)).astype(np.float32)
        if self._all is None:
            self._all = self._points.astype(np.float32)
            self._squares = np.square(self._all).sum(axis=1)
        squares = self._squares - 2.0 * (self._all @ np.asarray(point, dtype=np.float32))
        count = min(count, len(squares))
        some = np.argpartition(squares, count - 1)[:count] if count else np.zeros(0, dtype=np.int64)
        some = some[np.argsort(squares[some], kind="stable")]
        away = np.sqrt(np.maximum(squares[some] + float(np.square(point).sum()), 0.0))
        return self._ids[some], away.astype(np.float32)


def _graph(size: int) -> Any:
    require("memory")
    from usearch.index import Index as Graph

    return Graph(
        ndim=size,
        metric="l2sq",
        dtype="f16",
        connectivity=LINKS,
        expansion_add=LOOKED_AT_TO_ADD,
        expansion_search=LOOKED_AT,
    )
