# SPDX-License-Identifier: Apache-2.0
"""The gate's main loop: it ticks at its own rate, and does everything else in the remaining time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Protocol

from rclpy.executors import SingleThreadedExecutor

SIMULATED_SPIN_S = 0.05  # how often a loop driven by /clock looks for a signal
LINGER_S = 0.1  # standstill commands continue for this long after that, so that the controller receives them
FAREWELL_S = 2.0  # longest time that coming to rest may take


class Gate(Protocol):
    """The interface that the loop drives."""

    @property
    def simulated(self) -> bool:
        """Whether /clock makes the ticks, and messages are handled on arrival."""

    @property
    def period_s(self) -> float:
        """From tick to tick."""

    def wall_tick(self, late_ns: int) -> None:
        """Take what has arrived, and tick, `late_ns` after the tick was due; never raises."""

    def begin_stop(self) -> None:
        """Begin to come to rest."""

    def at_rest(self) -> bool:
        """Whether the process may end."""


def run_gate(gate: Gate, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    """Run until `stopped`, then until the robot is at rest, but not longer than two seconds."""
    # Objects from start-up live until the end: the collector need not scan them between two ticks.
    gc.collect()
    gc.freeze()
    try:
        _run(gate, executor, stopped)
    finally:
        gc.unfreeze()


def _run(gate: Gate, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    turn = _simulated_turn if gate.simulated else _WallTurn(gate.period_s)
    while not stopped():
        turn(gate, executor)
    gate.begin_stop()
    deadline = time.monotonic() + FAREWELL_S
    while not gate.at_rest() and time.monotonic() < deadline:
        turn(gate, executor)
    deadline = time.monotonic() + LINGER_S
    while time.monotonic() < deadline:
        turn(gate, executor)


def _simulated_turn(gate: Gate, executor: SingleThreadedExecutor) -> None:
    executor.spin_once(SIMULATED_SPIN_S)


class _WallTurn:
    """One tick, on time: services and timers run between ticks, so they can delay one, but not push it out.

    Steady: the system clock may be set while the robot moves.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._due = time.monotonic()

    def __call__(self, gate: Gate, executor: SingleThreadedExecutor) -> None:
        while (left := self._due - time.monotonic()) > 0.0:
            executor.spin_once(left)
        late = time.monotonic() - self._due
        if late > self._period_s:
            # Missed ticks are not made up for: the controller would receive them all at once.
            self._due, late = self._due + late, 0.0
        gate.wall_tick(round(late * 1e9))
        self._due += self._period_s
        now = time.monotonic()
        if now > self._due:
            # On a machine too slow for the rate, services still get their turn.
            executor.spin_once(0.0)
