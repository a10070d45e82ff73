# SPDX-License-Identifier: Apache-2.0
"""Says when a planner has searched for long enough, so that the gate does not miss a proposal."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Tells whether time is left for more.

    Args:
        clock_ns: tells the time.
        limit_s: how long something may take.
    """

    def __init__(self, clock_ns: Callable[[], int], limit_s: float) -> None:
        self._clock_ns, self._limit_ns = clock_ns, round(limit_s * 1e9)
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self._started_ns = self._clock_ns()

    @property
    def is_over(self) -> bool:
        """Whether it took longer since."""
        return self._clock_ns() - self._started_ns > self._limit_ns
