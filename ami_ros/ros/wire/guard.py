# SPDX-License-Identifier: Apache-2.0
"""Keep callbacks from failing silently, and from ending the node."""

from __future__ import annotations

import functools
import time
import traceback
from collections.abc import Callable
from typing import TypeVar

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from ami_ros.errors import AmiError, printable_lines

M = TypeVar("M")
REPEAT_S = 2.0  # the same error is logged at most this often


class ErrorLog:
    """Logs errors, each distinct one at most every two seconds, and counts all of them."""

    def __init__(self, node: Node) -> None:
        self._logger = node.get_logger()
        self._last: dict[str, float] = {}
        self.count = 0
        self.newest = ""

    def report(self, where: str, error: BaseException) -> None:
        """Log `error`: the message if it was raised on purpose, else with its traceback."""
        self.count += 1
        self.newest = f"{where}: {error}" if isinstance(error, AmiError) else f"{where}: {error!r}"
        key, now = f"{where} {type(error).__name__}", time.monotonic()
        if now - self._last.get(key, -REPEAT_S) < REPEAT_S:
            return
        self._last[key] = now
        trace = "" if isinstance(error, AmiError) else "\n" + "".join(traceback.format_exception(error))
        self._logger.error(printable_lines(self.newest + trace))


def guarded(log: ErrorLog, callback: Callable[[M], None]) -> Callable[[M], None]:
    """Wrap a subscription callback: logs whatever it raises, and keeps the node alive."""

    @functools.wraps(callback)
    def run(message: M) -> None:
        try:
            callback(message)
        except Exception as error:
            log.report(_name(callback), error)

    return run


def guarded_timer(log: ErrorLog, callback: Callable[[], None]) -> Callable[[], None]:
    """Wrap a timer callback in the same way."""

    @functools.wraps(callback)
    def run() -> None:
        try:
            callback()
        except Exception as error:
            log.report(_name(callback), error)

    return run


class GuardedExecutor(SingleThreadedExecutor):
    """Logs exceptions of callbacks that we cannot wrap: those of services, and of rclpy's own subscriptions.

    No sender may be able to end a node.

    Args:
        node: whose callbacks it runs; its own `errors`, if any, counts what they raise.
    """

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._errors: ErrorLog = getattr(node, "errors", None) or ErrorLog(node)
        self.add_node(node)

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run the next due callback."""
        try:
            super().spin_once(timeout_sec)
        except ExternalShutdownException:
            raise
        except Exception as error:
            self._errors.report("callback", error)


def _name(callback: Callable[..., None]) -> str:
    """Return the name of a callback: a partial has none of its own."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    return getattr(callback, "__name__", type(callback).__name__).strip("_")
