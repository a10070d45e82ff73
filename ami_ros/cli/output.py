# SPDX-License-Identifier: Apache-2.0
"""Standard output and error, when nobody reads them any more, or their disk is full."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ami_ros.errors import OutputError

CLOSED = 128 + signal.SIGPIPE  # exit code of whoever writes to a pipe that nobody reads


@contextmanager
def told_output() -> Iterator[None]:
    """Enclose what prints, so that it reports what cannot be printed, and no traceback ends it.

    What stdout does not take ends the block: without a word where its reader has gone, as in ``| head -1``.
    What stderr does not take is left out: notes that nobody sees are no reason to lose the work.

    Raises:
        OutputError: stdout cannot be written.
        SystemExit: its reader has gone; exit code CLOSED.
    """
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):  # names of files may be no Unicode, terminals no UTF-8
            stream.reconfigure(errors="backslashreplace")
    # Either may be None: a shell can close them.
    sys.stdout, sys.stderr = before[0] and _Results(before[0]), before[1] and _Notes(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Notes:
    """A stream, of which only what cannot be written is another matter."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if text == "":  # Click tries whether it can, and swallows what comes of it
            return 0
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Let what waits to be written, and all that follows, go nowhere: Python tries again at its end."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class _Results(_Notes):
    def _give_up(self, error: OSError) -> None:
        super()._give_up(error)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(CLOSED) from error
        raise OutputError(
            f"standard output: cannot be written ({error.strerror or error}); expected free space for the "
            "output; requested files are already written"
        ) from error
