# SPDX-License-Identifier: Apache-2.0
"""Unprocessed messages: the newest ones, or the newest of each key."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Filled by one thread, emptied by another.

    Args:
        most: largest number of messages kept; beyond it, the newest are kept.
        key: if given, the newest message of each key is kept instead, however many others arrive.
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
            self._kept.pop(key, None)  # so that the newest message of a sender comes after its others
            self._kept[key] = message

    def empty(self) -> list[T]:
        """Return the messages kept, oldest first, and clear them."""
        messages = []
        while self._messages:
            messages.append(self._messages.popleft())
        with self._lock:
            kept, self._kept = self._kept, {}
        return [*messages, *kept.values()]
