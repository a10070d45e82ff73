# SPDX-License-Identifier: Apache-2.0
"""Stores goals on arrival, whether or not there is a planner or an observation yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from ami_ros.body.goals.kind import GoalContext
from ami_ros.body.goals.kinds import GoalTopic
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Sensor
from ami_ros.errors import AmiError, GoalError
from ami_ros.types import Goal


def nothing_remembered(name: str) -> Goal:
    """Refuse a goal by name. Raises GoalError."""
    raise GoalError(f"got the name {name[:50]!r}, expected a goal of another kind: the planner has no memory")


class GoalInbox:
    """Turns goal messages into goals, and keeps the newest until it is cancelled.

    Args:
        spec: the robot.
        read: see `GoalContext`.
        recall: the same.

    Attributes:
        newest: the goal to pursue; None without one.
        refused: why the newest message is no goal; empty if it is one.
    """

    def __init__(
        self,
        spec: RobotSpec,
        read: Callable[[Any, Sensor], NDArray[Any]],
        recall: Callable[[str], Goal] = nothing_remembered,
    ) -> None:
        self._spec, self._read, self._recall = spec, read, recall
        self.newest: Goal | None = None
        self.refused = ""

    def take(self, topic: GoalTopic, message: Any, stamp_ns: int, now_ns: int) -> None:
        """Take a goal; it replaces the previous one, even if it is `refused`.

        Args:
            topic: on which it arrived.
            message: as received.
            stamp_ns: its stamp, 0 if it is not set; time of arrival of a message without a header.
            now_ns: time of arrival.
        """
        before = self.newest
        self.cancel()
        context = GoalContext(
            self._spec, stamp_ns, now_ns, before, self._read, self._recall, lambda: self._kinematics
        )
        try:
            goal = topic.kind.goal(message, topic.subject, context)
        except AmiError as error:
            self.refused = f"goal refused: {error}"
        else:
            self.newest = goal if goal.stamp_ns else dataclasses.replace(goal, stamp_ns=stamp_ns)

    def cancel(self) -> None:
        """Drop the goal."""
        self.newest, self.refused = None, ""

    @cached_property
    def _kinematics(self) -> Kinematics:
        return Kinematics(self._spec)
