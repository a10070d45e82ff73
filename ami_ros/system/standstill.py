# SPDX-License-Identifier: Apache-2.0
"""Tells that this process stood still: SIGSTOP, a debugger, a paused container or virtual machine.

A thread that looks at the clock finds a gap. A busy process makes gaps, too, where C code keeps Python from
running, but it uses processor time meanwhile, or waits for a processor that others use; one that is stopped
does neither.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

BEAT_S = 0.25
IDLE_SHARE = 0.25  # of a gap's length: who worked, or waited for a processor, for longer was busy
_THREADS = Path("/proc/self/task")


class Standstill:
    """Starts to watch as soon as it is created.

    Args:
        limit_s: shorter ones are not told, s.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s, self._longest_s = limit_s, 0.0
        threading.Thread(target=self._watch, name="standstill", daemon=True).start()

    @property
    def longest_s(self) -> float:
        """The longest one since the beginning, or since `forget`, s; 0 without one."""
        return self._longest_s

    def forget(self) -> None:
        """Look again from now on."""
        self._longest_s = 0.0

    def _watch(self) -> None:
        while True:
            # In this order: work between the two readings belongs to no gap, and cannot be missing in one.
            busy_s, seen_s = _busy_s(), time.monotonic()
            time.sleep(BEAT_S)
            gap_s = time.monotonic() - seen_s
            if gap_s >= self._limit_s and _busy_s() - busy_s < IDLE_SHARE * gap_s:
                self._longest_s = max(self._longest_s, gap_s)


def _busy_s() -> float:
    """Return how long this process worked, and how long its threads were ready but had no processor, s.

    The second is 0 where the system does not tell. Source: Linux, Documentation/scheduler/sched-stats.rst,
    "/proc/<pid>/schedstat": time on the processor, time on a run queue, both in ns.
    """
    waited_ns = 0
    with suppress(OSError):
        for thread in _THREADS.iterdir():
            with suppress(OSError, IndexError, ValueError):  # it ended meanwhile
                waited_ns += int((thread / "schedstat").read_text().split()[1])
    return time.process_time() + waited_ns / 1e9
