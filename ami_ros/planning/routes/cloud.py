# SPDX-License-Identifier: Apache-2.0
"""A growing set of points and the distances to it, where a search spends most of its time."""

from __future__ import annotations

import torch
from torch import Tensor

KEPT = 0.99999  # share of the variance along the axes kept: 0.3 % of the spread is lost
ROWS, COLUMNS = 256, 1024  # compared at once: they fit into the processor's cache


class Cloud:
    """A growing set of points.

    Points have many dimensions but lie near a few axes. The axes are updated whenever the number doubles.

    Args:
        first: points (N, P), at least one.

    Attributes:
        points: all points (N, P), in the order of their arrival.
    """

    _columns: Tensor

    def __init__(self, first: Tensor) -> None:
        self.points = first
        self._look()

    def add(self, points: Tensor) -> None:
        """Add points (N, P)."""
        self.points = torch.cat([self.points, points])
        if len(self.points) >= 2 * self._count:
            self._look()
        else:
            self._columns = torch.cat([self._columns, self._as_columns(points)], dim=1)

    def distances(self, points: Tensor) -> Tensor:
        """Return the distance (N,) of each of the points (N, P) to the nearest one in the set."""
        flat = self._along(points)
        squares = (flat * flat).sum(dim=1)
        rows = torch.cat([flat, torch.ones(len(flat), 1)], dim=1)
        least = torch.full((len(points),), torch.inf)
        for row in range(0, len(rows), ROWS):
            some = least[row : row + ROWS]
            for column in range(0, self._columns.shape[1], COLUMNS):
                # |a - b|^2 less |a|^2, which is the same for all b
                part = rows[row : row + ROWS] @ self._columns[:, column : column + COLUMNS]
                torch.minimum(some, part.amin(dim=1), out=some)
        return (least + squares).clamp_min(0.0).sqrt()

    def _look(self) -> None:
        """Find the axes along which the points lie."""
        self._count, self._centre = len(self.points), self.points.mean(dim=0)
        moved = self.points - self._centre
        values, axes = torch.linalg.eigh(moved.T @ moved)
        share = values.clamp_min(0.0).flip(0).cumsum(0) / values.clamp_min(0.0).sum().clamp_min(1e-12)
        # Few points do not show where the next ones lie.
        few = self._count <= 2 * moved.shape[1]
        kept = moved.shape[1] if few else int((share < KEPT).sum()) + 1
        self._axes = axes.flip(1)[:, :kept]
        self._columns = self._as_columns(self.points)

    def _along(self, points: Tensor) -> Tensor:
        along: Tensor = (points - self._centre) @ self._axes
        return along

    def _as_columns(self, points: Tensor) -> Tensor:
        flat = self._along(points)
        return torch.cat([-2.0 * flat, (flat * flat).sum(dim=1, keepdim=True)], dim=1).T.contiguous()
