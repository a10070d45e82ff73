# SPDX-License-Identifier: Apache-2.0
"""Tests that run alone: while one runs, no other test of any worker does."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path, alone: bool) -> Iterator[None]:
    """Hold a turn next to others, or alone; processes that share `folder` wait for each other.

    Who waits to be alone lets nobody else begin, so that its turn comes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder / "door") as door, _opened(folder / "room") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield number
    finally:
        os.close(number)  # and with it the lock
