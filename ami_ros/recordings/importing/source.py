# SPDX-License-Identifier: Apache-2.0
"""Interface of recordings to import, independent of their format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ami_ros.recordings.importing.signals import SignalReader


class Source(Protocol):
    """One recording.

    Attributes:
        path: where it is.
        count: messages or rows in it.
        problems: what could not be read so far, for people.
        notes: what was assumed, for people.
    """

    path: Path
    count: int
    problems: list[str]
    notes: list[str]

    def read(self, reader: SignalReader, on_read: Callable[[int], object]) -> None:
        """Pass everything to the reader; `on_read` is called after each message or row."""
