# SPDX-License-Identifier: Apache-2.0
"""When the gate ticks: by its own steady timer, or once per /clock message."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage

from ami_ros.ros.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.messages import stamp_to_ns
from ami_ros.ros.qos import LATCHED_HISTORY

# A system clock that is set back by less than this is adjusted, not restarted.
BACKWARD_NS = 100_000_000


class GateClock:
    """Calls `tick(now_ns)` at the gate's rate and `restart(now_ns)` when time starts anew.

    With simulated time a /clock that does not advance is a restart: the simulator was reset, maybe to the
    very time it showed before. That message is no tick.
    """

    def __init__(
        self,
        node: Node,
        rate_hz: float,
        tick: Callable[[int], None],
        restart: Callable[[int], None],
        errors: ErrorLog,
    ) -> None:
        self._node, self._tick, self._restart = node, tick, restart
        self._newest_ns: int | None = None
        self.simulated = bool(node.get_parameter("use_sim_time").value)
        if self.simulated:
            on_clock = guarded(errors, self._on_clock)
            node.create_subscription(ClockMessage, "/clock", on_clock, LATCHED_HISTORY)
        else:
            # Steady: the system clock may be set while the robot moves.
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            node.create_timer(1.0 / rate_hz, guarded_timer(errors, self._on_timer), clock=steady)

    def now_ns(self) -> int:
        """Return the time that arrivals are stamped with."""
        if self.simulated:
            return self._newest_ns or 0
        return int(self._node.get_clock().now().nanoseconds)

    def _on_clock(self, message: ClockMessage) -> None:
        now = stamp_to_ns(message.clock)
        previous, self._newest_ns = self._newest_ns, now
        if previous is None or now <= previous:
            self._restart(now)
        else:
            self._tick(now)

    def _on_timer(self) -> None:
        now = self.now_ns()
        previous, self._newest_ns = self._newest_ns, now
        if previous is not None and now < previous - BACKWARD_NS:
            self._restart(now)
        self._tick(now)
