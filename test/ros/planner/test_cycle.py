# SPDX-License-Identifier: Apache-2.0
"""What the planner says of its way, in words."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from observed import observed
from straight_line import StraightLine

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.planning.progress_watch import ProgressWatch
from ami_ros.ros.planner.cycle import PlanningCycle
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros, status_to_ros
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING, Goal, Observation, Plan

SPEC = load_robot("panda", "reach")


class Guided(StraightLine):
    """Goes straight, and says that it goes another way."""

    way = ""

    def restart(self) -> None:
        """Nothing is kept."""

    def plan(self, observation: Observation) -> Plan:
        return dataclasses.replace(super().plan(observation), way=self.way)


@pytest.mark.parametrize(
    ("way", "state", "says"),
    [
        ("", GoalState.MOVING, "steps from the goal"),
        (DIRECT, GoalState.MOVING, "steps from the goal"),
        (ROUTE, GoalState.MOVING, "steps from the goal; on a route"),
        (SEARCHING, GoalState.MOVING, "steps from the goal; searching for a route"),
        (NO_WAY, GoalState.STUCK, "no route found: "),
    ],
)
def test_the_way_is_told(way, state, says):
    planner = Guided(SPEC, Kinematics(SPEC).forward(SPEC.home)[0] + 0.2)
    planner.way = way
    cycle = PlanningCycle(planner, SPEC, 0.1, time.monotonic, ProgressWatch(10.0, 3))
    goal = Goal(vectors={SPEC.joint_sensor: SPEC.home}, label="there", stamp_ns=1)
    cycle.pursue(goal)
    still = np.zeros(len(SPEC.home))
    _, status = cycle.run(observed(np.zeros((128, 128, 3), np.uint8), SPEC.home, 0, 0, still))
    assert status.state is state and says in status.reason
    assert ("on a route" in status.reason) is (way == ROUTE)


def test_setbacks_are_told_and_too_many_are_stuck():
    """A planner far from its goal, near it, and far again."""
    tip = Kinematics(SPEC).forward(SPEC.home)[0]
    planner = Guided(SPEC, tip)
    cycle = PlanningCycle(planner, SPEC, 0.1, time.monotonic, ProgressWatch(10.0, 2))
    cycle.pursue(Goal(vectors={SPEC.joint_sensor: SPEC.home}, label="there", stamp_ns=1))
    said = []
    for number, away in enumerate([0.4, 0.2, *3 * [0.4], 0.2, *3 * [0.4]]):
        planner.goal_tip = tip + [away, 0.0, 0.0]
        still = np.zeros(len(SPEC.home))
        stamp_ns = number * 100_000_000
        seen = observed(np.zeros((128, 128, 3), np.uint8), SPEC.home, stamp_ns, stamp_ns, still)
        said.append(cycle.run(seen)[1])
    assert [status.attempt for status in said] == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert [status.state for status in said] == 8 * [GoalState.MOVING] + [GoalState.STUCK]
    assert "attempt 3: the one before came within" in said[-1].reason
    assert status_from_ros(status_to_ros(said[-1], "panda")).attempt == 3
