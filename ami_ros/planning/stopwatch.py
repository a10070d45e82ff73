# SPDX-License-Identifier: Apache-2.0
"""Limits the search time of a planner, so that the gate does not miss a proposal."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Checks whether time is left.

    Args:
        clock_ns: clock, ns.
        limit_s: time limit, s.
    """

    def __init__(self, clock_ns: Callable[[], int], limit_s: float) -> None:
        self._clock_ns, self._limit_ns = clock_ns, round(limit_s * 1e9)
        self.start()

    def start(self) -> None:
        """Start the clock."""
        self._started_ns = self._clock_ns()

    @property
    def is_over(self) -> bool:
        """Whether the limit has passed since the start."""
        return self._clock_ns() - self._started_ns > self._limit_ns
