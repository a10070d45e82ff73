# SPDX-License-Identifier: Apache-2.0
"""A goal that changes over time: what its message means, and what is refused in a sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bodies import process_body

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
from builtin_interfaces.msg import Duration, Time
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.body.goals.inbox import GoalInbox
from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import load_robot

BOILER, OUTLET, INLET = "temperatures.boiler", "temperatures.outlet", "pressure.inlet"
STAMP_S, NOW_NS = 7, 9


def profile(names, *points) -> JointTrajectory:
    """Return a message of points (seconds, values...)."""
    found = [
        JointTrajectoryPoint(
            time_from_start=Duration(sec=int(at_s // 1), nanosec=round(at_s % 1 * 1e9)),
            positions=[float(value) for value in values],
        )
        for at_s, *values in points
    ]
    return JointTrajectory(header=Header(stamp=Time(sec=STAMP_S)), joint_names=list(names), points=found)


@pytest.fixture
def take(tmp_path):
    spec = load_robot(process_body(tmp_path))
    inbox = GoalInbox(spec, lambda message, sensor: message)

    def take(message: JointTrajectory) -> GoalInbox:
        inbox.take(goal_topics(spec)["profile"], message, STAMP_S * 10**9, NOW_NS)
        return inbox

    return take


def test_values_change_on_straight_lines_between_the_points_of_several_sensors(take):
    names = (OUTLET, INLET, BOILER)  # in any order
    goal = take(profile(names, (1.0, 30, 2, 40), (1.5, 30, 2, 40), (3.5, 50, 1, 60))).newest
    assert goal.sensors == ("temperatures", "pressure") and goal.stamp_ns == STAMP_S * 10**9
    np.testing.assert_array_equal(goal.vectors["temperatures"], [60, 50])  # in the sensor's order
    found = goal.profile.at(np.array([0, 1.5e9, 2.5e9, 9e9], dtype=np.int64))
    np.testing.assert_allclose(found["temperatures"], [[40, 30], [40, 30], [50, 40], [60, 50]])
    np.testing.assert_allclose(found["pressure"], [[2], [2], [1.5], [1]])
    assert goal.profile.start_ns == STAMP_S * 10**9


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (profile((BOILER, "flow"), (0, 1, 2)), "got ['flow'], expected each once: some of"),
        (profile((BOILER, BOILER), (0, 1, 2)), f"got ['{BOILER} twice']"),
        (profile((), (0,)), "got 'no names'"),
        (profile((BOILER,), (0, 1)), f"expected ['{OUTLET}'] as well"),
        (profile((INLET,)), "got 0 points, expected 1 to"),
        (profile((INLET,), (1, 2), (1, 3)), "expected times that begin at 0 or later and increase"),
        (profile((INLET,), (-1, 2)), "expected times that begin at 0 or later and increase"),
        (profile((INLET,), (0, 1, 2)), "points[0].positions: got shape (2,), expected a vector of 1 numbers"),
        (profile((INLET,), (0, 1), (2, math.nan)), "points[1].positions: non-finite"),
    ],
)
def test_what_is_no_profile_is_refused(take, message, says):
    inbox = take(message)
    assert inbox.newest is None and inbox.refused.startswith("goal refused: profile: ")
    assert says in inbox.refused
