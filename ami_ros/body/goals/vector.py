# SPDX-License-Identifier: Apache-2.0
"""A goal as what a vector sensor shall measure: joint positions, set points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import Goal


class VectorGoal(GoalKind):
    """The values of a vector sensor; the usual one measures the joints of an arm."""

    name, description = "joints", "joint positions to reach"

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return the vector sensors."""
        return {vector.name: vector.name for vector in spec.vectors}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return the values as a goal; of joints only the positions, because a goal has no velocity.

        Raises:
            ObservationError: missing, unknown or non-finite values.
        """
        sensor = next(vector for vector in context.spec.vectors if vector.name == subject)
        values = context.read(message, sensor)[: len(sensor.names)]
        return Goal(vectors={subject: values}, label=subject)
