# SPDX-License-Identifier: Apache-2.0
"""Silence for libraries that print from C."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence pybullet's C-level chatter, which would spoil piped JSON and progress bars."""
    saved = {stream: os.dup(stream) for stream in (1, 2)}
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in saved:
            os.dup2(null, stream)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # or C's buffer spills after the streams are restored
        for stream, copy in saved.items():
            os.dup2(copy, stream)
            os.close(copy)
        os.close(null)
