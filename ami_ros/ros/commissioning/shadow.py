# SPDX-License-Identifier: Apache-2.0
"""A planner that shadows the motion of the robot: its goals are pictures of a moment ago.

Each plan is compared with the way back to where that picture was taken. Nothing follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
KEPT_S, KEPT = 60.0, 2.0  # of the robot's time, and times `hindsight_s`: nothing older is compared


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
        self._seen[now_ns] = taken
        for stamps in (self._seen, self._reports, self._proposals):
            _forget(stamps, now_ns - round(max(KEPT_S, KEPT * self._wanted.hindsight_s) * 1e9))
        ago_ns = now_ns - round(self._wanted.hindsight_s * 1e9)
        if self._first_ns > ago_ns:
            return
        goal = self._seen[_nearest(self._seen, ago_ns)]
        places = [kept.place for kept in self.goals.kept]
        if self.place.may_stay(goal.place, here, places, self._wanted.within_share):
            self.goals.offer(taken)
        if now_ns - self._shown_ns >= self._wanted.goal_for_s * 1e9:
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
        at_ns = _nearest(self._seen, status.stamp_ns)
        # Readings without stamps have those of their arrival, which differ from node to node.
        if abs(at_ns - status.stamp_ns) > self._spec.step_ns * (not self._cameras):
            return
        seen = self._seen[at_ns]
        way = self.place.way(seen.place, self._shown[status.goal_stamp_ns])
        if float(np.abs(way).max()) >= self._wanted.least_way:
            self.compared.append(
                Comparison(self.place.planned(points, seen.place), way, status.surprise_at_rest)
            )


def _nearest(by_stamp: Mapping[int, Any], stamp_ns: int) -> int:
    return min(by_stamp, key=lambda other_ns: abs(other_ns - stamp_ns))


def _forget(by_stamp: dict[int, Any], before_ns: int) -> None:
    for stamp_ns in [stamp for stamp in by_stamp if stamp < before_ns]:
        del by_stamp[stamp_ns]
