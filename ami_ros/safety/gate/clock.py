# SPDX-License-Identifier: Apache-2.0
"""Time as the gate sees it: which ticks are due, and when a clock was set. Plain Python, no clock inside."""

from __future__ import annotations

from dataclasses import dataclass

# A smaller step is an adjustment, which ages and the tolerance for the future absorb.
JUMP_NS = 100_000_000
READING_NS = 1_000_000
CATCH_UP = 5  # ticks at most for one message of /clock; a longer step is a jump


class SystemClockWatch:
    """Detects that the system clock was set: it deviates from the steady clock, which cannot be set."""

    def __init__(self) -> None:
        self._offset_ns: int | None = None

    def jump_ns(self, system_ns: int, steady_ns: int) -> int:
        """Return by how much the system clock was set since the last call; 0 if it was not."""
        offset = system_ns - steady_ns
        jump = 0 if self._offset_ns is None else offset - self._offset_ns
        self._offset_ns = offset
        return jump if abs(jump) > JUMP_NS else 0


class TickStamps:
    """Stamps ticks with when they were due, exactly one tick apart or more.

    The gate integrates with the tick's nominal length. So a change of its commands divided by the difference
    of their stamps stays within the limits, even when commands were lost on the way.

    Args:
        tick_ns: duration of a tick.
    """

    def __init__(self, tick_ns: int) -> None:
        self._tick_ns = tick_ns
        self._newest_ns: int | None = None

    def stamp(self, due_ns: int) -> int:
        """Return the stamp of a tick that was due at `due_ns` by the system clock."""
        earliest = due_ns if self._newest_ns is None else self._newest_ns + self._tick_ns
        # Slightly early is reading precision of two clocks; more is a clock that was set or is slewed.
        stamp = earliest if 0 < earliest - due_ns <= READING_NS else due_ns
        self._newest_ns = stamp
        return stamp


@dataclass(frozen=True)
class Due:
    """What one message of /clock requires.

    Attributes:
        restart: time starts again: the simulator was reset, possibly to the same time as before.
        jump_ns: a step of time too large for the gate to follow tick by tick; 0 if none.
        ticks_ns: the ticks that are due.
    """

    restart: bool = False
    jump_ns: int = 0
    ticks_ns: tuple[int, ...] = ()


class SimulatedTicks:
    """Turns /clock into ticks of the gate's own length, whatever rate the simulator publishes at.

    Args:
        tick_ns: duration of a tick.
    """

    def __init__(self, tick_ns: int) -> None:
        self._tick_ns = tick_ns
        self._ticked_ns: int | None = None
        self.now_ns: int | None = None

    def see(self, now_ns: int) -> Due:
        """Take a message; one that does not advance is a restart, and no tick."""
        previous, ticked, self.now_ns = self.now_ns, self._ticked_ns, now_ns
        if previous is None or ticked is None or now_ns <= previous:
            self._ticked_ns = now_ns
            return Due(restart=True)
        # Rounded: a simulator whose step does not divide the tick is sometimes early, sometimes late.
        count = (now_ns - ticked + self._tick_ns // 2) // self._tick_ns
        if count == 0:
            return Due()
        if count > CATCH_UP:
            self._ticked_ns = now_ns
            return Due(jump_ns=now_ns - ticked, ticks_ns=(now_ns,))
        self._ticked_ns = ticked + count * self._tick_ns  # not `now_ns`: rounding must not add up
        return Due(ticks_ns=tuple(now_ns - (count - 1 - i) * self._tick_ns for i in range(count)))
