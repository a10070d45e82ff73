# SPDX-License-Identifier: Apache-2.0
"""Start, spin and end a node: the only place that handles signals and start-up errors."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import rclpy
from rclpy.exceptions import InvalidParameterValueException, ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import get_rmw_implementation_identifier

from ami_ros.errors import AmiError, printable_lines
from ami_ros.ros.wire.guard import GuardedExecutor
from ami_ros.ros.wire.parameters import keep_clock
from ami_ros.system.allocator import give_back
from ami_ros.system.parent_watch import end_with_parent
from ami_ros.system.shared_memory import leftovers, shortage
from ami_ros.system.standstill import Standstill

EXIT_CONFIGURATION = 2
# Peers give up after the lease of config/dds/large_data_shm.xml, which starts at the last announcement.
GIVEN_UP_S = 4.0
SPIN_S = 0.1  # how often the loop looks for a signal while nothing arrives

Loop = Callable[[Any, SingleThreadedExecutor, Callable[[], bool]], None]


def node_main(
    name: str, factory: Callable[[], Node], argv: Sequence[str] | None = None, loop: Loop | None = None
) -> int:
    """Run a node until SIGTERM, SIGINT or, if its parent wants that, the parent's end; return the exit code.

    If the process was suspended for so long that other nodes gave it up, the node is created again.

    Errors raised on purpose while the node is created print their message, without a traceback, and give
    exit code 2: they are mistakes in its configuration, and the message names them.

    Args:
        name: for messages.
        factory: makes the node, after rclpy is initialised.
        argv: command line, sys.argv by default.
        loop: called with (node, executor, stopped) instead of plain spinning; a node that must come to rest
            before its end, such as the gate, does so after `stopped`.
    """
    stopped, standstill = _StopSignal(), Standstill(GIVEN_UP_S)
    end_with_parent()
    give_back()  # memory of large messages
    while True:
        code = _run(name, factory, argv, loop or _spin, lambda: stopped() or standstill.longest_s > 0.0)
        if code or stopped() or not standstill.longest_s:
            return code
        print(
            f"{name}: stalled for {standstill.longest_s:.1f} s (SIGSTOP? a paused container?): the other "
            "nodes have dropped it, and DDS does not always reconnect; it starts over",
            file=sys.stderr,
            flush=True,
        )
        standstill.forget()


def _run(
    name: str,
    factory: Callable[[], Node],
    argv: Sequence[str] | None,
    loop: Loop,
    stopped: Callable[[], bool],
) -> int:
    try:
        # rclpy's own handlers shut the context down, and a gate could no longer command the arm to a halt.
        rclpy.init(args=None if argv is None else list(argv), signal_handler_options=SignalHandlerOptions.NO)
        _make_room(name)
        node = factory()
        keep_clock(node)
    except (AmiError, ParameterException, InvalidParameterValueException) as error:
        return _refuse(name, error)
    except RuntimeError as error:  # from rclpy, for arguments that it cannot parse
        if type(error).__module__.startswith("rclpy"):
            return _refuse(name, error)
        raise
    executor = GuardedExecutor(node)
    try:
        loop(node, executor, stopped)
    except ExternalShutdownException:
        pass
    except AmiError as error:
        return _refuse(name, error)
    finally:
        executor.shutdown(timeout_sec=1.0)
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def end_process(code: int) -> NoReturn:
    """End at once, with all of our resources closed.

    With torch imported, Python's shutdown takes 0.7 s of processor time: on a busy machine longer than the
    five seconds after which a launch file kills a node that it asked to end.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _make_room(name: str) -> None:
    """Prepare the shared memory that the node is about to need."""
    if not get_rmw_implementation_identifier().startswith("rmw_fastrtps"):
        return
    removed = leftovers(remove=True)
    if removed.segments:
        get_logger(name).info(f"shared memory: removed {removed}")
    if missing := shortage(nodes=1):
        get_logger(name).warning(f"shared memory: {missing}; run ami-ros doctor for advice")


class _StopSignal:
    """True once SIGTERM or SIGINT has arrived."""

    def __init__(self) -> None:
        self._arrived = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._arrived = True

    def __call__(self) -> bool:
        return self._arrived


def _spin(node: Node, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    while not stopped():
        executor.spin_once(timeout_sec=SPIN_S)


def spin_and_leave(node: Any, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    """Spin, and let the driver of a device `leave` it, whatever ended the loop; a `loop` of `node_main`."""
    try:
        _spin(node, executor, stopped)
    finally:
        node.leave()


def _refuse(name: str, error: Exception) -> int:
    print(f"{name}: {printable_lines(str(error))}", file=sys.stderr, flush=True)
    rclpy.try_shutdown()
    return EXIT_CONFIGURATION
