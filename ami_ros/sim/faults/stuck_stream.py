# SPDX-License-Identifier: Apache-2.0
"""Faults common to every stream of stamped readings: it freezes, or it is late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
V = TypeVar("V")
DELAY_NS = 500_000_000


def with_new_stamp(first: tuple[V, int], now: tuple[V, int]) -> tuple[V, int]:
    """Return an old value with a new stamp, for `Frozen`."""
    return first[0], now[1]


class Frozen(Generic[T]):
    """The first reading again and again.

    Args:
        restamped: returns a reading with the stamp of another, to look fresh; None keeps the first stamp.
    """

    def __init__(self, restamped: Callable[[T, T], T] | None = None) -> None:
        self._restamped = restamped
        self._first: T | None = None

    def __call__(self, reading: T) -> list[T]:
        """Return what is delivered instead of `reading`."""
        if self._first is None:
            self._first = reading
        return [self._first if self._restamped is None else self._restamped(self._first, reading)]


class Delayed(Generic[T]):
    """Every reading, late.

    Args:
        stamp_ns: returns the stamp of a reading.
        delay_ns: how late.
    """

    def __init__(self, stamp_ns: Callable[[T], int], delay_ns: int = DELAY_NS) -> None:
        self._stamp_ns, self._delay_ns = stamp_ns, delay_ns
        self._waiting: deque[T] = deque()

    def __call__(self, reading: T) -> list[T]:
        """Return what is delivered now."""
        self._waiting.append(reading)
        late = []
        while self._waiting and self._stamp_ns(self._waiting[0]) <= self._stamp_ns(reading) - self._delay_ns:
            late.append(self._waiting.popleft())
        return late
