# SPDX-License-Identifier: Apache-2.0
"""Messages that have come and were not handled yet: the newest ones, or the newest of each kind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Filled by one thread, emptied by another.

    Args:
        most: messages that are kept; of more, the newest.
        key: where it is given, the newest message of each key is kept instead, however many others come.
    """

    def __init__(self, most: int, key: Callable[[T], Hashable] | None = None) -> None:
        self._key, self._lock = key, threading.Lock()
        self._messages: deque[T] = deque(maxlen=most)
        self._kept: dict[Hashable, T] = {}

    def add(self, message: T) -> None:
        """Keep a message."""
        if self._key is None:
            self._messages.append(message)
            return
        key = self._key(message)
        with self._lock:
            self._kept.pop(key, None)  # so that the newest word of a sender stands behind its others
            self._kept[key] = message

    def empty(self) -> list[T]:
        """Return what was kept, oldest first, and keep it no longer."""
        messages = []
        while self._messages:
            messages.append(self._messages.popleft())
        with self._lock:
            kept, self._kept = self._kept, {}
        return [*messages, *kept.values()]
