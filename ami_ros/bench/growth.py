# SPDX-License-Identifier: Apache-2.0
"""Whether processes grow while they run: memory and threads, sampled repeatedly. Linux only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ami_ros.bench.process_memory import resident_bytes, thread_count
from ami_ros.errors import ProcessError


class GrowthWatch:
    """Tracks memory and thread count of each process.

    Attributes:
        pids: process id by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.pids = dict(pids)
        self._rss_mb: dict[str, list[float]] = {name: [] for name in pids}
        self._threads: dict[str, list[int]] = {name: [] for name in pids}

    def look(self) -> None:
        """Sample each process now. Raises ProcessError: one has ended."""
        for name, pid in self.pids.items():
            try:
                size, threads = resident_bytes(pid), thread_count(pid)
            except (OSError, StopIteration) as error:  # gone, or a zombie
                raise ProcessError(f"{name} ended during the measurement") from error
            self._rss_mb[name].append(round(size / 1e6, 1))
            self._threads[name].append(threads)

    def figures(self) -> dict[str, Any]:
        """Return ``rss_growth thread_growth``, of the process that grew most, and ``rss_mb threads`` by name.

        Growth is the last sample over the first one, minus 1: 0.05 is 5 %. None before the second.
        """
        return {
            "rss_growth": _most(self._rss_mb),
            "thread_growth": _most(self._threads),
            "rss_mb": self._rss_mb,
            "threads": self._threads,
        }


def _most(looks: Mapping[str, Sequence[float]]) -> float | None:
    growths = [seen[-1] / seen[0] - 1.0 for seen in looks.values() if len(seen) > 1]
    return round(max(growths), 4) if growths else None
