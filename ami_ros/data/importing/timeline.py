# SPDX-License-Identifier: Apache-2.0
"""One time for recordings in which time begins again: after a reset of a simulator, and in each next bag."""

from __future__ import annotations

BACK_NS = 1_000_000_000  # a stamp so much older than the one before it on its topic is of a new run
BREAK_NS = 10_000_000_000  # between two runs, so that nothing goes from one into the other


class Timeline:
    """Puts runs one after the other.

    A run begins with the first topic that goes back; the others follow when they do.

    Attributes:
        breaks: where, in the one time, a new run begins, ns.
    """

    def __init__(self) -> None:
        self.breaks: list[int] = []
        self._shifts: list[int] = [0]
        self._newest: dict[str, int] = {}  # topic -> its newest stamp in its run
        self._run: dict[str, int] = {}
        self._end_ns: int | None = None
        self._begins = False

    def at(self, topic: str, stamp_ns: int) -> int:
        """Return where on the one time a message is, ns."""
        current = len(self._shifts) - 1
        newest = self._newest.get(topic)
        run = self._run.get(topic, current)
        if self._begins and self._end_ns is not None:
            current = run = self._begin(stamp_ns)
        elif newest is not None and stamp_ns < newest - BACK_NS:
            run = current if run < current else self._begin(stamp_ns)
            newest = None
        self._begins = False
        self._run[topic] = run
        self._newest[topic] = stamp_ns if newest is None else max(newest, stamp_ns)
        time_ns = stamp_ns + self._shifts[run]
        self._end_ns = time_ns if self._end_ns is None else max(self._end_ns, time_ns)
        return time_ns

    def begin_again(self) -> None:
        """Let the next message begin a run, as that of another bag."""
        self._begins = True
        self._newest.clear()
        self._run.clear()

    def _begin(self, stamp_ns: int) -> int:
        begin_ns = (self._end_ns or 0) + BREAK_NS
        self._shifts.append(begin_ns - stamp_ns)
        self.breaks.append(begin_ns)
        return len(self._shifts) - 1
