# SPDX-License-Identifier: Apache-2.0
"""How far a world in real time is behind the clock of the nodes that command it."""

from __future__ import annotations

LATE_TICKS = 10  # further behind than this, real time skips ticks instead of catching up
CATCH_UP_NS = 1_000_000_000  # in which a lagging robot catches up: the gate holds meanwhile


class Lateness:
    """Adds up the ticks that a stalled machine skipped, until the robot has caught up.

    Args:
        tick_ns: the period of the world.
    """

    def __init__(self, tick_ns: int) -> None:
        self._tick_ns = tick_ns
        self._ticked_ns = self._lost_ns = self._until_ns = 0

    def note_tick(self, now_ns: int) -> None:
        """Note a tick; the world stood still before a late one."""
        lost_ns = self._missing_ns(now_ns)
        if lost_ns:
            self._lost_ns, self._until_ns = self._kept_ns(now_ns) + lost_ns, now_ns + CATCH_UP_NS
        self._ticked_ns = now_ns

    def at_s(self, now_ns: int) -> float:
        """Return how far the world is behind now, s."""
        return (self._missing_ns(now_ns) + self._kept_ns(now_ns)) / 1e9

    def _missing_ns(self, now_ns: int) -> int:
        gap_ns = now_ns - (self._ticked_ns or now_ns)
        return gap_ns if gap_ns > LATE_TICKS * self._tick_ns else 0

    def _kept_ns(self, now_ns: int) -> int:
        return self._lost_ns if now_ns < self._until_ns else 0
