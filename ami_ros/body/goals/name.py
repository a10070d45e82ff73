# SPDX-License-Identifier: Apache-2.0
"""A goal by name: something that was remembered, to be seen again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import Goal


class NameGoal(GoalKind):
    """The name that was given to a moment, which the memory has as a goal."""

    name, description = "name", "name of a remembered view to reach"
    message, most_bytes, by_memory = "std_msgs/msg/String", 65536, True

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return one topic for all names."""
        return {self.name: self.name}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return what the memory has of that name.

        Raises:
            MemoryFileError: no such name.
            GoalError: no name, or one of another task or other sensors.
        """
        return context.recall(message.data)
