# SPDX-License-Identifier: Apache-2.0
"""The seam between planning and those who run it: what a planner must offer."""

from __future__ import annotations

from typing import Protocol

from ami_ros.types import Goal, Observation, Plan


class Planner(Protocol):
    """Turns observations into plans toward one goal at a time."""

    def set_goal(self, goal: Goal | None) -> None:
        """Pursue `goal`; None stops planning. Raises GoalError when the model cannot use it."""

    def plan(self, observation: Observation) -> Plan:
        """Plan from `observation`. Raises GoalError without a goal."""

    def restart(self) -> None:
        """Drop the warm start and begin the random numbers again; the goal stays."""


class Follower(Protocol):
    """Hears of all that a planner does, such as a memory."""

    def pursue(self, goal: Goal | None) -> None:
        """Hear of a new goal; None for none."""

    def restart(self) -> None:
        """Hear that what comes next does not follow from what was."""

    def see(self, observation: Observation, plan: Plan | None) -> None:
        """Take what was sensed, and the plan that was made from it; None where none was made."""
