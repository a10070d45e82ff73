# SPDX-License-Identifier: Apache-2.0
"""Who plans slower than the robot needs it says so."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import Log

from ami_ros.ros.proposing.reports import ProposingReports
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.guard import ErrorLog

PERIOD_S, TOPICS = 0.1, "planner"


@pytest.mark.parametrize(
    ("plan_ms", "severity"), [(100.0, DiagnosticStatus.OK), (131.0, DiagnosticStatus.WARN)]
)
def test_plans_that_take_longer_than_a_period_are_a_warning(probe, plan_ms, severity):
    health, log = probe.listen(DiagnosticArray, "/diagnostics"), probe.listen(Log, "/rosout")
    figures = {"plan_ms_p99": plan_ms}
    waiting = GoalStatus(GoalState.NO_GOAL, "send one")
    errors = ErrorLog(probe.node)
    reports = ProposingReports(
        probe.node, "planner", TOPICS, "panda", PERIOD_S, errors, lambda: waiting, lambda: figures
    )
    status = probe.until(lambda: health, "health")[0].status[0]
    assert status.level == severity and "NO_GOAL: send one" in status.message
    said = "up to 131 ms (p99), longer than the period of 100 ms"
    if severity == DiagnosticStatus.WARN:
        assert said in status.message
        probe.until(lambda: any(said in message.msg for message in log), "the log")
    assert reports is not None and errors.count == 0
