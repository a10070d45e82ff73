# SPDX-License-Identifier: Apache-2.0
"""The interface between planning and its callers."""

from __future__ import annotations

from typing import Protocol

from ami_ros.types import Goal, Observation, Plan


class Planner(Protocol):
    """Turns observations into plans toward one goal at a time."""

    def set_goal(self, goal: Goal | None) -> None:
        """Pursue `goal`; None stops planning. Raises GoalError if the model cannot use it.

        Set points that moved continue the search; any other goal restarts it.
        """

    def plan(self, observation: Observation) -> Plan:
        """Plan from `observation`. Raises GoalError without a goal."""

    def restart(self) -> None:
        """Drop the warm start and reseed the random numbers; the goal stays."""


class Follower(Protocol):
    """Observes everything that a planner does; a memory is one, and those who watch it are another."""

    def pursue(self, goal: Goal | None) -> None:
        """Handle a new goal; None for no goal."""

    def restart(self) -> None:
        """Handle a break: the next observation does not follow from the last."""

    def see(self, observation: Observation, plan: Plan | None) -> None:
        """Handle an observation and the plan made from it; None if none was made."""
