# SPDX-License-Identifier: Apache-2.0
"""A kind of goal that nobody ships: each joint at a share of its range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError
from ami_ros.types import Goal, checked_vector


class ShareGoal(GoalKind):
    name, description = "share", "joint positions to reach, 0 to 1 of their ranges"
    message = "std_msgs/msg/Float64MultiArray"

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        return {self.name: self.name} if spec.arms else {}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        spec = context.spec
        shares = checked_vector(message.data, "share", len(spec.joint_names), GoalError)
        if ((shares < 0.0) | (shares > 1.0)).any():
            raise GoalError(f"share: got {shares.tolist()}, expected 0 to 1")
        joints = spec.limits.lower + shares * (spec.limits.upper - spec.limits.lower)
        return Goal(vectors={spec.joint_sensor: joints}, label=f"joints at {shares.tolist()}")
