# SPDX-License-Identifier: Apache-2.0
"""A proposing node's reports: goal_status in each cycle or while waiting, and /diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from ami_ros.ros.wire.goal_status import GoalStatus, status_to_ros
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.health import Health, HealthReports
from ami_ros.ros.wire.qos import STATE

SLOW_S = 30.0  # how often the log reports that plans take too long
QUIET_PERIODS = 2.0  # without a cycle for this long, the wall timer reports what is missing


class ProposingReports:
    """Publishes reports, also when no message arrives that could trigger one.

    Args:
        node: owns publishers and timers.
        name: public name of the node.
        topics: prefix of the status topic.
        robot: name of the robot.
        period_s: planning period.
        errors: log of the errors so far.
        waiting: returns the status while no cycle runs.
        figures: returns further values for /diagnostics.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        topics: str,
        robot: str,
        period_s: float,
        errors: ErrorLog,
        waiting: Callable[[], GoalStatus],
        figures: Callable[[], Mapping[str, object]],
    ) -> None:
        self._robot, self._waiting, self._figures = robot, waiting, figures
        self._period_ms, self._logger = period_s * 1e3, node.get_logger()
        self._cycle_s, self._quiet_s = time.monotonic(), QUIET_PERIODS * period_s
        self._statuses = node.create_publisher(DiagnosticArray, f"{topics}/goal_status", STATE)
        # Steady: simulated time stands still exactly when there is something to report.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(period_s, guarded_timer(errors, self._report_if_quiet), clock=steady)
        self._health = HealthReports(node, f"{name}: loop", robot, errors, self._how_it_is)

    def cycle(self, status: GoalStatus) -> None:
        """Publish the report of a planning cycle."""
        self._cycle_s = time.monotonic()
        self._publish(status)

    def now(self) -> None:
        """Publish at once what the planner waits for, for example after a new goal."""
        self._publish(self._waiting())

    def _publish(self, status: GoalStatus) -> None:
        self._statuses.publish(status_to_ros(status, self._robot))

    def _report_if_quiet(self) -> None:
        if time.monotonic() - self._cycle_s > self._quiet_s:
            self.now()

    def _how_it_is(self) -> Health:
        status, figures = self._waiting(), self._figures()
        told = f"{status.state.value}: {status.reason}"
        plan_ms = figures.get("plan_ms_p99")
        if not isinstance(plan_ms, float) or plan_ms <= self._period_ms:
            return Health(DiagnosticStatus.OK, told, figures)
        slow = f"plans take up to {plan_ms:.0f} ms (p99), longer than the period of {self._period_ms:.0f} ms"
        self._logger.warning(slow, throttle_duration_sec=SLOW_S)
        return Health(DiagnosticStatus.WARN, f"{told}; {slow}", figures)
