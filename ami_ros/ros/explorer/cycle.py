# SPDX-License-Identifier: Apache-2.0
"""One cycle of the explorer node: the next stretch of motion, and the progress."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import OutputError
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.ros.proposing.cycle import ProposingCycle
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.types import FloatArray, Observation, Trajectory

STOPPED = "the gate has stopped; the coverage is kept, and exploration continues after ~/rearm"


class ExploringCycle(ProposingCycle):
    """Proposes the explorer's motion; it needs no goal.

    Args:
        planner: chooses where to go.
        spec: the robot.
        period_s: planning period.
        clock_s: a monotonic clock in seconds.
        command: returns the newest command (C,) that went to the robot; None while there is none.
        keep: stores the state of the exploration, so that it can continue another day.
        keep_s: period of storing.
    """

    def __init__(
        self,
        planner: ExploringPlanner,
        spec: RobotSpec,
        period_s: float,
        clock_s: Callable[[], float],
        command: Callable[[], FloatArray | None],
        keep: Callable[[Mapping[str, Any]], None],
        keep_s: float,
    ) -> None:
        super().__init__(spec, period_s)
        self._planner, self._clock_s, self._command = planner, clock_s, command
        self._keep, self._keep_s = keep, keep_s
        self._kept_s, self._unkept = -math.inf, ""  # at once: an unwritable file is reported immediately

    def restart(self) -> None:
        """Begin again where the robot is; the coverage stays."""
        super().restart()
        self._planner.restart()

    def run(self, observation: Observation) -> tuple[Trajectory, GoalStatus]:
        """Return what to propose from `observation`, and why.

        Raises:
            AmiError: the observation cannot be used; the caller holds.
        """
        planner, before = self._planner, self._clock_s()
        self.statistics.cycle(before)
        if before - self._kept_s > self._keep_s:
            self.keep()
        if self.paused:
            planner.rest()
            return self.hold(observation, self.idle())
        planner.obey(self._command())
        plan = planner.plan(observation)
        duration_s = self._clock_s() - before
        self.statistics.plan(duration_s, plan.deadline_met)
        if planner.finished or planner.is_stopped:
            return self.hold(observation, self.idle())
        status = dataclasses.replace(
            self.status(GoalState.MOVING, "exploring toward the least visited cells"),
            stamp_ns=observation.stamp_ns,
            proposal=plan.proposal,
            plan_ms=duration_s * 1e3,
        )
        return self._meaning.proposal(plan.actions, observation), status

    def keep(self) -> None:
        """Store the coverage; if that fails, the exploration continues and reports it."""
        self._kept_s = self._clock_s()
        try:
            self._keep(self._planner.state())
            self._unkept = ""
        except OutputError as error:
            self._unkept = f"; the coverage is not stored: {error}"

    def idle(self, waiting_for: str = "") -> GoalStatus:
        """Return the report of a cycle without motion."""
        if self._planner.finished:
            return self.status(GoalState.ARRIVED, f"explored: {self._planner.finished}; holding")
        if self.paused:
            return self.status(GoalState.PAUSED, "paused by ~/pause")
        if self._planner.is_stopped:
            return self.status(GoalState.WAITING, STOPPED)
        return self.status(GoalState.WAITING, waiting_for or "waiting for the next observation")

    def status(self, state: GoalState, reason: str) -> GoalStatus:
        """Return a report with the progress."""
        return GoalStatus(state, reason + self._unkept, progress=self._planner.progress.numbers())
