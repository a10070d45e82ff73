# SPDX-License-Identifier: Apache-2.0
"""Let Ctrl-C end a block as KeyboardInterrupt, even where compiled code turned it into another error."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt out of the block for SIGINT, even if the original one was converted.

    pybind11, and so rclpy, turns an exception that Python raises during a conversion into a TypeError.
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
