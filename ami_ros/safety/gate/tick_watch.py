# SPDX-License-Identifier: Apache-2.0
"""The gate's watch on itself: ticks that it missed, how long they take, how regular they are."""

from __future__ import annotations

from collections import deque

import numpy as np

LATE = 1.5  # intervals longer than this many periods have swallowed ticks


class TickWatch:
    """Judges the ticks by a steady clock that the caller reads.

    Args:
        period_ns: from tick to tick.
        window_s: the figures cover the ticks in this time.

    Attributes:
        ticks: since the start.
        missed: ticks that should have been and were not, since the start.
    """

    def __init__(self, period_ns: int, window_s: float) -> None:
        self._period_ns = period_ns
        size = max(2, round(window_s * 1e9 / period_ns))
        self._intervals: deque[int] = deque(maxlen=size)
        self._durations: deque[int] = deque(maxlen=size)
        self._newest_ns: int | None = None
        self.ticks, self.missed = 0, 0

    def begin(self, steady_ns: int) -> int:
        """Note the start of a tick and return the interval since the last one, ns; 0 for the first."""
        interval = 0 if self._newest_ns is None else steady_ns - self._newest_ns
        self._newest_ns = steady_ns
        self.ticks += 1
        if interval:
            self._intervals.append(interval)
            if self.is_late(interval):
                self.missed += round(interval / self._period_ns) - 1
        return interval

    def end(self, steady_ns: int) -> None:
        """Note the end of the tick."""
        if self._newest_ns is not None:
            self._durations.append(steady_ns - self._newest_ns)

    def is_late(self, interval_ns: int) -> bool:
        """Whether ticks are missing in an interval."""
        return interval_ns > LATE * self._period_ns

    def figures(self) -> dict[str, float | int]:
        """Return ``ticks missed_ticks``, and once there are some ``tick_ms_p50 tick_ms_p99 jitter_ms_p99``.

        Jitter is the deviation of the interval between two tick starts from the period.
        """
        found: dict[str, float | int] = {"ticks": self.ticks, "missed_ticks": self.missed}
        if self._intervals and self._durations:
            jitter = np.abs(np.array(self._intervals) - self._period_ns) / 1e6
            median, slow = np.percentile(np.array(self._durations) / 1e6, (50, 99))
            found |= {"tick_ms_p50": float(median), "tick_ms_p99": float(slow)}
            found["jitter_ms_p99"] = float(np.percentile(jitter, 99))
            found["interval_ms_max"] = max(self._intervals) / 1e6
        return found
