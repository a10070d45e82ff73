# SPDX-License-Identifier: Apache-2.0
"""Time that a test holds: a gate's /clock, tick by tick, each of which waits for the gate's answer.

However long an answer takes, and whatever else the machine does: to the gate 10 ms have passed. DDS promises no order
between topics, but one sender's messages take one way to one receiver on the same machine, so that a tick finds what
was sent before it. If it did not, a reading would count a tick later; all ages are many ticks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rcl_interfaces.srv import GetParameters
from rosgraph_msgs.msg import Clock

from ami_ros.ros.wire.messages import stamp_from_ns
from ami_ros.ros.wire.qos import LATCHED_HISTORY

if TYPE_CHECKING:
    from probe import Probe

    from ami_ros.system.processes import NodeProcess

TICK_NS = 10_000_000
START_NS = 1_000_000_000_000
REHEARSAL_NS = START_NS + 3_600_000_000_000  # so that at the start time jumps back, and all is forgotten
GUARD_S = 90.0  # of the wall clock, for one answer: a hang, or the gate has ended
PATIENCE_S = 0.2  # of the wall clock; then the gate is asked whether this tick had no command
ANSWER_S = 4.0  # then it is asked again: DDS may lose the first answer after discovery


class SimulatedTime:
    """The clock of a gate with use_sim_time.

    One step: the test's tasks publish what the robot's sensors and the planner say now; 10 ms pass; and the gate's
    command with that stamp arrives, or its word that this tick had none.

    Args:
        probe: publishes and listens.
        process: the gate.
        newest_ns: returns the stamp of the gate's newest command; 0 if there is none with a stamp.
        node: the gate's name.

    Attributes:
        now_ns: what the clock shows.
        process: the gate.
        guard_s: of the wall clock, for what must happen at any speed.
    """

    def __init__(
        self, probe: Probe, process: NodeProcess, newest_ns: Callable[[], int], node: str = "safety"
    ) -> None:
        self._probe, self.process, self._newest_ns = probe, process, newest_ns
        self.now_ns, self.guard_s = START_NS, GUARD_S
        self._clock = probe.node.create_publisher(Clock, "/clock", LATCHED_HISTORY)
        self._question = probe.node.create_client(GetParameters, f"{node}/get_parameters")
        self._is_silent = True

    def check(self) -> None:
        """Fail if the gate has ended."""
        if self.process.exit_code is not None:
            pytest.fail(f"the gate ended, {self.process.exit_code}:\n{self.process.log_tail()}")

    def wait_for_listeners(self) -> None:
        """Wait until the gate hears the clock, which is the last topic that it subscribes to."""
        # Twice: its node has a clock, too.
        self._probe.wait(lambda: self._clock.get_subscription_count() >= 2, "a gate that hears the clock")
        self._probe.wait(self._question.service_is_ready, "a gate that answers")

    def set(self, now_ns: int) -> None:
        """Set the clock, and wait until the gate knows."""
        self.now_ns, self._is_silent = now_ns, True
        self._publish()
        self._ask()

    def steps(self, duration_s: float) -> None:
        """Let simulated time pass."""
        for _ in range(round(duration_s * 1e9 / TICK_NS)):
            self.step()

    def step(self) -> None:
        """Let one tick pass."""
        self._probe.run_tasks(self.now_ns)
        self.now_ns += TICK_NS
        self._publish()
        begun = time.monotonic()
        while not self._is_answered():
            if self._is_silent or time.monotonic() > begun + PATIENCE_S:
                self._is_silent = not self._ask(self._is_answered)
                return
            self._probe.spin_once()

    def end(self) -> None:
        """Let the gate end: its robot comes to rest, which takes time. Never fails."""
        for _ in range(round(5e9 / TICK_NS)):
            if self.process.exit_code is not None:
                return
            self._probe.run_tasks(self.now_ns)
            self.now_ns += TICK_NS
            self._publish()
            self._probe.spin_once(0.01)
            self._probe.spin_once(0.0)

    def _is_answered(self) -> bool:
        return self._newest_ns() >= self.now_ns

    def _publish(self) -> None:
        self._clock.publish(Clock(clock=stamp_from_ns(self.now_ns)))

    def _ask(self, or_else: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the gate has handled all that was sent so far; return at once if `or_else`, and whether.

        Its services run after its subscriptions: an answer to a question asked after a tick comes after the tick.
        """
        deadline = time.monotonic() + self.guard_s
        answer: Any = None
        asked = 0.0
        while time.monotonic() < deadline:
            if answer is None or time.monotonic() > asked + ANSWER_S:
                asked, answer = time.monotonic(), self._question.call_async(GetParameters.Request())
            if or_else():
                return True
            if answer.done():
                return False
            self.check()
            self._probe.spin_once()
        pytest.fail(
            f"no answer of the gate within {self.guard_s} s of the wall clock:\n{self.process.log_tail()}"
        )
