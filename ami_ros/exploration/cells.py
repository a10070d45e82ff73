# SPDX-License-Identifier: Apache-2.0
"""Tracks the visited cells of a space, and selects the next one.

A grid covers up to three axes together. With more, grids cover each pair: one over all would never fill.
Source: pairwise coverage; Kuhn, Kacker and Lei, "Practical Combinatorial Testing", NIST SP 800-142 (2010).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import ConfigError
from ami_ros.types import FloatArray

TOGETHER = 3  # axes
RANDOM = 0.1  # randomness of the choice among cells, in visits: avoids repeating the same ways


class Cells:
    """Visit counts over a box (D axes).

    Args:
        lower: corner of the box (D,).
        upper: the opposite corner (D,).
        count: cells along each axis.
        turns: (D,) whether an axis is an angle that wraps around.
        may: returns which centres (N, D) can be visited (N,); None: all. Only for boxes with few axes.

    Attributes:
        visited: number of cells visited at least once.
        total: number of cells that can be visited.
    """

    def __init__(
        self,
        lower: FloatArray,
        upper: FloatArray,
        count: int,
        turns: Sequence[bool] = (),
        may: Callable[[FloatArray], NDArray[np.bool_]] | None = None,
    ) -> None:
        self._lower, self._upper, self._count = lower, upper, count
        self._turns = np.array(turns or [False] * len(lower), dtype=bool)
        axes = range(len(lower))
        self._groups = [tuple(axes)] if len(lower) <= TOGETHER else list(combinations(axes, 2))
        self._centres = [self._centres_of(group) for group in self._groups]
        self._may = [np.ones(len(c), bool) if may is None else may(c) for c in self._centres]
        self.total = int(sum(mask.sum() for mask in self._may))
        if not self.total:
            raise ConfigError(
                "explore: got no cell that the robot can visit, expected room within the limits"
            )
        self.forget()

    def forget(self) -> None:
        """Reset all visits."""
        self._visits = [np.zeros(len(centres), dtype=np.int64) for centres in self._centres]
        self._costs = [np.zeros(len(centres), dtype=np.int64) for centres in self._centres]
        self.leave()

    def leave(self) -> None:
        """Leave the current cells: any next place counts as entered."""
        self._in = [-1] * len(self._groups)

    def _centres_of(self, group: tuple[int, ...]) -> FloatArray:
        steps = (np.arange(self._count) + 0.5) / self._count
        columns = [self._lower[a] + steps * (self._upper[a] - self._lower[a]) for a in group]
        return np.stack(np.meshgrid(*columns, indexing="ij"), axis=-1).reshape(-1, len(group))

    def _index(self, group: tuple[int, ...], place: FloatArray) -> int:
        """Return the cell of a group at a place (D,); the nearest for a place outside."""
        share = (place - self._lower) / (self._upper - self._lower)
        share = np.where(self._turns, share % 1.0, share)
        inside = np.clip((share * self._count).astype(int), 0, self._count - 1)
        index = 0
        for axis in group:
            index = index * self._count + int(inside[axis])
        return index

    def visit(self, place: FloatArray) -> bool:
        """Count the cells that a place (D,) enters; return whether there are any."""
        entered = False
        for number, group in enumerate(self._groups):
            index = self._index(group, place)
            if index != self._in[number]:
                self._visits[number][index] += 1
                self._in[number], entered = index, True
        return entered

    def knows(self, place: FloatArray) -> bool:
        """Return whether most of the cells of a place (D,) were visited."""
        pairs = zip(self._groups, self._visits, strict=True)
        visited = sum(visits[self._index(group, place)] > 0 for group, visits in pairs)
        return bool(2 * visited > len(self._groups))

    def avoid(self, place: FloatArray) -> None:
        """Count the cells of a place (D,) as costly; cells on NaN axes are skipped."""
        for number, group in enumerate(self._groups):
            if np.isfinite(place[list(group)]).all():
                self._costs[number][self._index(group, np.nan_to_num(place))] += 1

    def least(
        self,
        ways: Callable[[list[int], FloatArray], FloatArray],
        costly: float,
        generator: np.random.Generator,
    ) -> FloatArray:
        """Return a target (D,): the centre of a near, least visited cell; NaN for free axes.

        Args:
            ways: maps axes and centres (N, k) to their distances (N,): across the box is about 1.
            costly: visits per mark of `avoid`.
            generator: random numbers of the choice.
        """
        number = 0
        if len(self._groups) > 1:
            left = [float((v[m] == 0).mean()) for v, m in zip(self._visits, self._may, strict=True)]
            number = int(np.argmax(np.array(left) + RANDOM * generator.random(len(left))))
        axes, centres = list(self._groups[number]), self._centres[number]
        worth = self._visits[number] + costly * self._costs[number] + ways(axes, centres)
        worth = worth + RANDOM * generator.random(len(worth))
        worth = np.where(self._may[number], worth, np.inf)
        if self._in[number] >= 0:
            worth[self._in[number]] = np.inf  # the body is there
        target = np.full(len(self._lower), np.nan)
        target[axes] = centres[int(np.argmin(worth))]
        return target

    @property
    def visited(self) -> int:
        """Number of visited cells among those that can be visited."""
        pairs = zip(self._visits, self._may, strict=True)
        return int(sum(((visits > 0) & may).sum() for visits, may in pairs))

    @property
    def share(self) -> float:
        """Share of the cells that were visited."""
        return self.visited / self.total

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, ready for JSON."""
        visits, costs = np.concatenate(self._visits), np.concatenate(self._costs)
        return {**self._layout(), "visits": _sparse(visits), "costs": _sparse(costs)}

    def _layout(self) -> dict[str, Any]:
        return {"lower": self._lower.tolist(), "upper": self._upper.tolist(), "cells": self._count}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the result of `state`.

        Raises:
            ConfigError: the state is of another space, or damaged.
        """
        wanted = self._layout()
        got = {name: state.get(name) for name in wanted}
        if got != wanted:
            raise ConfigError(
                f"got cells of {got}, expected {wanted}: the exploration belongs to another robot, task or "
                "setting"
            )
        sizes = np.cumsum([len(centres) for centres in self._centres])
        read = (_dense(state.get(name), int(sizes[-1])) for name in ("visits", "costs"))
        self._visits, self._costs = (list(np.split(values, sizes[:-1])) for values in read)
        self.leave()


def _sparse(values: NDArray[np.int64]) -> list[list[int]]:
    at = np.flatnonzero(values)
    return [at.tolist(), values[at].tolist()]


def _dense(pair: Any, size: int) -> NDArray[np.int64]:
    expected = f"expected [indices below {size}, as many positive counts]"
    fine = isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, list) for part in pair)
    if not fine or len(pair[0]) != len(pair[1]) or not all(type(v) is int for part in pair for v in part):
        raise ConfigError(f"counts of cells: {expected}")
    at, counts = np.array(pair[0], dtype=np.int64), np.array(pair[1], dtype=np.int64)
    if len(at) and (at.min() < 0 or at.max() >= size or counts.min() < 1):
        raise ConfigError(f"counts of cells: {expected}")
    values = np.zeros(size, dtype=np.int64)
    values[at] = counts
    return values
