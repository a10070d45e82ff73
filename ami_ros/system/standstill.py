# SPDX-License-Identifier: Apache-2.0
"""Tells that this process stood still: SIGSTOP, a debugger, a paused container or virtual machine.

A thread that looks at the clock finds a gap. A busy process makes gaps, too, where C code keeps Python from
running, but it uses processor time meanwhile; one that is stopped uses none.
"""

from __future__ import annotations

import threading
import time

BEAT_S = 0.25
IDLE_SHARE = 0.25  # of a gap's length: who used more processor time was busy


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
        seen_s, used_s = time.monotonic(), time.process_time()
        while True:
            time.sleep(BEAT_S)
            now_s, now_used_s = time.monotonic(), time.process_time()
            gap_s = now_s - seen_s
            if gap_s >= self._limit_s and now_used_s - used_s < IDLE_SHARE * gap_s:
                self._longest_s = max(self._longest_s, gap_s)
            seen_s, used_s = now_s, now_used_s
