# SPDX-License-Identifier: Apache-2.0
"""The seams of ami_ros: what a planner and a safety check must offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ami_ros.types import Goal, Observation, Plan, Verdict

if TYPE_CHECKING:
    from ami_ros.safety.events import Event
    from ami_ros.safety.situation import Situation


class Planner(Protocol):
    """Turns observations into plans toward one goal at a time."""

    def set_goal(self, goal: Goal | None) -> None:
        """Pursue `goal`; None stops planning. Raises GoalError when the model cannot use it."""

    def plan(self, observation: Observation) -> Plan:
        """Plan from `observation`. Raises GoalError without a goal."""

    def restart(self) -> None:
        """Drop the warm start and begin the random numbers again; the goal stays."""


class SafetyCheck(Protocol):
    """One reason to slow, hold or stop.

    One that only judges begins with `ami_ros.safety.checks.check.Check`, which remembers nothing.
    """

    def judge(self, situation: Situation) -> Verdict:
        """Return PASS or worse for the situation at one gate tick; never raises, never reads a clock."""

    def see(self, event: Event, situation: Situation) -> None:
        """Take what happened between two ticks: a reading, a report, somebody who re-arms.

        `situation` is what is known with it, as of the last tick. Most events are for other checks.
        """

    def forget(self) -> None:
        """Forget what was seen, as after a reset or a jump of the clock."""
