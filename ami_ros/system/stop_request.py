# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and Ctrl-C as a request, for work that is consistent only between two steps."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

SIGNALS = (signal.SIGTERM, signal.SIGINT)
PATIENCE_S = 1.0  # for the step to end; then it is given up


class StopRequest:
    """Handles these signals while the block runs; a context manager.

    The first signal is only recorded, and the work stops itself where it checks `signal`. If that takes too
    long, or a second signal arrives, SystemExit ends the block at once.

    Attributes:
        signal: the stop signal; None while the work may continue.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: dict[int, Any] = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            self._leave(number, frame)
        self.signal = signal.Signals(number)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.leave()

    def leave(self) -> None:
        """End the process as the signal would have, with the matching exit code."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        raise SystemExit(128 + (self.signal or signal.SIGTERM))

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self.signal is not None and kind is None:
            self.leave()  # it arrived during the last step
