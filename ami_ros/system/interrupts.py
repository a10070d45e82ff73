# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C ends a block as what it is, also where compiled code turned it into another error."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt out of the block for SIGINT, whatever became of the one that was raised in it.

    What Python raises in the middle of a conversion comes out of pybind11, and so of rclpy, as a TypeError.
    For the main thread.
    """
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as error:
        if came:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
