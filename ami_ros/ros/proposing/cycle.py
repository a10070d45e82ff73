# SPDX-License-Identifier: Apache-2.0
"""One cycle of a proposing node, without ROS: from an observation to a proposal and a report."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.planning.plan_statistics import PlanStatistics
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.types import Observation, Trajectory


class ProposingCycle(ABC):
    """Returns the next proposal, also when there is nothing to plan.

    Args:
        spec: the robot.
        period_s: planning period.

    Attributes:
        paused: propose to stand still.
    """

    def __init__(self, spec: RobotSpec, period_s: float) -> None:
        self._spec = spec
        self._meaning = meaning_of(spec)
        self.kinematics = Kinematics(spec) if spec.arms else None
        self.statistics = PlanStatistics(period_s)
        self.paused = False

    @abstractmethod
    def run(self, observation: Observation) -> tuple[Trajectory, GoalStatus]:
        """Return what to propose from `observation`, and why.

        Raises:
            AmiError: the observation cannot be used; the caller holds.
        """

    @abstractmethod
    def idle(self, waiting_for: str = "") -> GoalStatus:
        """Return the report of a cycle without a plan."""

    def restart(self) -> None:
        """Begin again, as after a reset of the robot."""
        self._meaning.forget()

    def hold(self, observation: Observation, status: GoalStatus) -> tuple[Trajectory, GoalStatus]:
        """Return a proposal to stand still, with its status.

        Args:
            observation: the present state; images are not needed.
            status: the reason.
        """
        still = self._meaning.hold(observation)[None, None]
        return self._meaning.proposal(still, observation), status

    def status(self, state: GoalState, reason: str) -> GoalStatus:
        """Return a report."""
        return GoalStatus(state, reason)
