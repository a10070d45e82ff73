# SPDX-License-Identifier: Apache-2.0
"""Detect that this process stood still: SIGSTOP, a debugger, a paused container or virtual machine.

A thread that looks at the clock finds a gap. A busy process also causes gaps, where C code keeps Python
from running. But it works meanwhile, or one of its threads waits for a processor that others use; a
stopped process does neither.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

BEAT_S = 0.25
_THREADS = Path("/proc/self/task")


class Standstill:
    """Watches from its creation on.

    Args:
        limit_s: shorter standstills are ignored, s.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s, self._longest_s = limit_s, 0.0
        threading.Thread(target=self._watch, name="standstill", daemon=True).start()

    @property
    def longest_s(self) -> float:
        """The longest standstill since the start, or since `forget`, s; 0 without one."""
        return self._longest_s

    def forget(self) -> None:
        """Reset `longest_s`."""
        self._longest_s = 0.0

    def _watch(self) -> None:
        busy_s, at_s = _busy_s(), time.monotonic()
        while True:
            time.sleep(BEAT_S)
            # Work is read before each look at the clock and again after it. Work between two readings then
            # counts for both gaps, and no time is outside all gaps.
            before_s, now_s = _busy_s(), time.monotonic()
            if now_s - at_s >= self._limit_s:
                still_s = now_s - at_s - _longest_busy_s(busy_s, _busy_s())
                if still_s >= self._limit_s:
                    self._longest_s = max(self._longest_s, still_s)
            busy_s, at_s = before_s, now_s


def _longest_busy_s(before_s: dict[str, float], after_s: dict[str, float]) -> float:
    return max(after_s[thread] - before_s.get(thread, 0.0) for thread in after_s)


def _busy_s() -> dict[str, float]:
    """Return how long the process worked, and how long each thread worked or waited for a processor, s.

    Not every system reports threads. Source: Linux, Documentation/scheduler/sched-stats.rst,
    "/proc/<pid>/schedstat": time on the processor, time on a run queue, both in ns.
    """
    found = {"process": time.process_time()}
    with suppress(OSError):
        for thread in _THREADS.iterdir():
            with suppress(OSError, IndexError, ValueError):  # it ended meanwhile
                running_ns, waiting_ns = (thread / "schedstat").read_text().split()[:2]
                found[thread.name] = (int(running_ns) + int(waiting_ns)) / 1e9
    return found
