# SPDX-License-Identifier: Apache-2.0
"""The health of a node on /diagnostics, once a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.verdicts import diagnostic

PERIOD_S = 1.0


class Health(NamedTuple):
    """Health of a node: a severity of `DiagnosticStatus`, one line, and figures by name."""

    severity: bytes
    text: str
    figures: Mapping[str, object]


class HealthReports:
    """Publishes what `health` returns, with the number of errors and the newest one.

    In a namespace the report's name begins with the namespace: all robots share one /diagnostics.

    Args:
        node: owns publisher and timer.
        name: of the report, for example ``planner: loop``.
        robot: name of the robot.
        errors: log of the errors so far.
        health: called once a second.
    """

    def __init__(
        self, node: Node, name: str, robot: str, errors: ErrorLog, health: Callable[[], Health]
    ) -> None:
        self._node, self._robot = node, robot
        self._name = f"{node.get_namespace()}/{name}".strip("/")
        self._errors, self._health = errors, health
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", STATE)
        # Steady: simulated time stands still exactly when there is something to report.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(PERIOD_S, guarded_timer(errors, self._report_health), clock=steady)

    def _report_health(self) -> None:
        health, now_ns = self._health(), self._node.get_clock().now().nanoseconds
        values: dict[str, object] = {**health.figures, "errors": self._errors.count}
        values |= {"newest_error": self._errors.newest} if self._errors.newest else {}
        message = diagnostic(self._name, health.severity, health.text, values, now_ns, self._robot)
        self._diagnostics.publish(message)
