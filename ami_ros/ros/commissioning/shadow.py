# SPDX-License-Identifier: Apache-2.0
"""A planner that shadows the motion of the robot: its goals are pictures of a moment ago.

Each plan is compared with the way back to where that picture was taken. Nothing follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.commissioning.core.agreement import Comparison
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.commissioning.core.spread import SpreadGoals, TakenGoal
from ami_ros.ros.commissioning.watched_robot import WatchedRobot, pictures
from ami_ros.ros.wire.goal_status import GoalStatus
from ami_ros.ros.wire.message_limits import proposal_limit, within
from ami_ros.ros.wire.messages import trajectory_from_ros
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import FloatArray, Observation

SHADOW = "shadow"  # name of the planner's node
KEPT_S = 60.0  # of the robot's time: nothing is compared with older moments


@dataclass(frozen=True)
class ShadowMoment:
    """Progress of the shadow step.

    Attributes:
        plans: number compared.
        goals: number kept.
        moved_s: the robot's time so far.
    """

    plans: int
    goals: int
    moved_s: float


class ShadowClient(WatchedRobot):
    """Sends goals, and compares plans.

    Args:
        spec: the robot.
        check: as for Client.
        simulated: as for WatchedRobot.
        wanted: how long, and with which goals.
        ros_arguments: as for Client.

    Attributes:
        compared: plans compared so far.
        goals: pictures that the camera took meanwhile.
    """

    def __init__(
        self,
        spec: RobotSpec,
        check: Callable[[], None],
        simulated: bool,
        wanted: CommissionSettings,
        ros_arguments: Sequence[str] = (),
    ) -> None:
        super().__init__("commission", spec, check, simulated, SHADOW, ros_arguments)
        self._wanted = wanted
        self.goals = SpreadGoals(wanted.kept, self.place.point)
        self.compared: list[Comparison] = []
        self._seen: dict[int, TakenGoal] = {}  # by the observation's stamp, in order
        self._shown: dict[int, FloatArray] = {}  # by the goal's stamp: its place
        self._shown_ns, self._first_ns = 0, 0
        self._reports: dict[int, GoalStatus] = {}  # by the proposal's stamp, until the other half arrives
        self._proposals: dict[int, FloatArray] = {}
        on_proposal = within(proposal_limit(spec), JointTrajectory, self._on_proposal)
        self._node.create_subscription(JointTrajectory, f"{SHADOW}/proposed", on_proposal, STATE, raw=True)

    def moments(self) -> Iterator[ShadowMoment]:
        """Yield a moment at each look, until enough plans are compared or the time is over.

        Raises:
            ProcessError: a node died, or the robot went silent.
        """
        self.wait_for_planner()
        self.go()
        while len(self.compared) < self._wanted.shadow_plans and self._moved_s < self._wanted.shadow_s:
            self.look()
            yield ShadowMoment(len(self.compared), self.goals.count, self._moved_s)
        self.rest()

    @property
    def _moved_s(self) -> float:
        return (self.now_ns - self._first_ns) / 1e9 if self._first_ns else 0.0

    def _on_observation(self, observation: Observation, here: FloatArray) -> None:
        now_ns = observation.stamp_ns
        images = pictures(observation, self._cameras)
        self._first_ns = self._first_ns or now_ns
        if len(images) < len(self._cameras):
            return
        taken = TakenGoal(images, here)
        self.goals.offer(taken)
        self._seen[now_ns] = taken
        for stamps in (self._seen, self._reports, self._proposals):
            _forget(stamps, now_ns - round(KEPT_S * 1e9))
        ago_ns = now_ns - round(self._wanted.hindsight_s * 1e9)
        if self._first_ns <= ago_ns and now_ns - self._shown_ns >= self._wanted.goal_for_s * 1e9:
            goal = self._seen[min(self._seen, key=lambda stamp_ns: abs(stamp_ns - ago_ns))]
            self._shown_ns = now_ns
            self._shown[self.show(goal)] = goal.place

    def _on_report(self, status: GoalStatus) -> None:
        if status.plan_ms is not None and status.goal_stamp_ns in self._shown:
            self._reports[status.proposal_stamp_ns] = status
            self._compare(status.proposal_stamp_ns)

    def _on_proposal(self, message: JointTrajectory) -> None:
        proposal = trajectory_from_ros(message)
        if len(proposal.positions) > 1:
            self._proposals[proposal.stamp_ns] = proposal.positions
            self._compare(proposal.stamp_ns)

    def _compare(self, stamp_ns: int) -> None:
        """Compare the plan whose proposal has this stamp, once both halves have arrived."""
        status, points = self._reports.get(stamp_ns), self._proposals.get(stamp_ns)
        if status is None or points is None:
            return
        del self._reports[stamp_ns], self._proposals[stamp_ns]
        seen = self._seen.get(status.stamp_ns)
        if seen is None:
            return
        way = self.place.way(seen.place, self._shown[status.goal_stamp_ns])
        if float(np.abs(way).max()) >= self._wanted.least_way:
            self.compared.append(Comparison(self.place.planned(points), way, status.surprise_at_rest))


def _forget(by_stamp: dict[int, Any], before_ns: int) -> None:
    for stamp_ns in [stamp for stamp in by_stamp if stamp < before_ns]:
        del by_stamp[stamp_ns]
