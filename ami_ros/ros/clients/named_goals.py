# SPDX-License-Identifier: Apache-2.0
"""Episodes with named goals: named on arrival of the robot, and requested later."""

from __future__ import annotations

import time
from typing import Any

from std_msgs.msg import String

from ami_ros.ros.clients.client import START_TIMEOUT_S
from ami_ros.ros.clients.episodes import EpisodeClient
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import FloatArray

AGAIN_S = 1.0  # an unanswered name is sent again: the planner may not have subscribed yet


class NamedGoals(EpisodeClient):
    """In its first life it names the view at the goal; in the second it requests that name.

    Attributes:
        name: of the next episode's goal; empty for none.
        asks: the planner receives only the name; False: it receives the goal, and gives the name.
        remembered: names given.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.name, self.asks = "", False
        self.remembered: set[str] = set()
        self._remember = self._node.create_publisher(String, "planner/remember", STATE)
        self._goal_name = self._node.create_publisher(String, "planner/goal_name", STATE)

    def _start_over(self, seed: int, steps: int, goal_joints: FloatArray | None = None) -> dict[str, Any]:
        start = super()._start_over(seed, steps, goal_joints)
        if self.asks and self._status is not None:
            start["goal_stamp_ns"] = self._status.goal_stamp_ns  # a name's goal is stamped when it arrives
        return start

    def _wait_for_goal(self, stamp_ns: int, goal_joints: FloatArray | None) -> None:
        if not self.asks:
            super()._wait_for_goal(stamp_ns, goal_joints)
            return
        sent = -AGAIN_S
        self._status = None

        def taken() -> bool:
            nonlocal sent
            if time.monotonic() - sent > AGAIN_S:
                sent = time.monotonic()
                self._goal_name.publish(String(data=self.name))
            return self._status is not None and self._status.goal == self.name

        self._until(taken, START_TIMEOUT_S, lambda: f"no goal {self.name!r}; {self._last_words()}")

    def _on_status(self, message: Any) -> None:
        super()._on_status(message)
        if not self.asks and self._recorder is not None and self._status is not None:
            self._give_name(self._status)

    def _give_name(self, status: GoalStatus) -> None:
        if self.name and self.name not in self.remembered and status.state is GoalState.ARRIVED:
            self._remember.publish(String(data=self.name))
            self.remembered.add(self.name)
