# SPDX-License-Identifier: Apache-2.0
"""A planner that knows where the goal is and goes straight there: a stand-in for one with a model."""

from __future__ import annotations

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Goal, Observation, Plan

HORIZON = 3


class StraightLine:
    """Implements `ami_ros.planning.protocols.Planner`; `goal_tip` (3,) in m is told, never read off the image."""

    def __init__(self, spec: RobotSpec, goal_tip: FloatArray) -> None:
        self._spec = spec
        self._kinematics = Kinematics(spec)
        self.goal_tip = goal_tip

    def set_goal(self, goal: Goal | None) -> None:
        """Take the goal for granted."""

    def restart(self) -> None:
        """Nothing to forget."""

    def plan(self, observation: Observation) -> Plan:
        """Return the velocity toward the goal, slower near it."""
        gap = self.goal_tip - self._kinematics.forward(self._spec.joint_position(observation))[0]
        speed = self._spec.max_tip_speed
        action = np.clip(gap * self._spec.actions.rate_hz / 2, -speed, speed)
        distance = float(np.abs(gap).max() / speed * self._spec.actions.rate_hz)
        return Plan(
            actions=np.tile(action, (HORIZON, 1, 1)),
            step_ns=self._spec.step_ns,
            cost=distance,
            cost_terms={"distance": distance},
            distance=distance,
            arrived=distance < 0.2,
            predicted=np.zeros((HORIZON, 1), np.float32),
            iterations=1,
            deadline_met=True,
            observation_stamp_ns=observation.stamp_ns,
            proposal="straight_line",
        )
