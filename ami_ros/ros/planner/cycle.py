# SPDX-License-Identifier: Apache-2.0
"""One cycle of the planner node, without ROS: the goal and its pursuit."""

from __future__ import annotations

from collections.abc import Callable

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import AmiError
from ami_ros.planning.progress_watch import ProgressWatch, what_is_missing
from ami_ros.planning.protocols import Follower, Planner
from ami_ros.ros.proposing.cycle import ProposingCycle
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.types import NO_WAY, RARE_SURPRISE, ROUTE, SEARCHING, Goal, Observation, Plan, Trajectory

TOLD = {ROUTE: "; on a route", SEARCHING: "; searching for a route"}  # of Plan.way


class PlanningCycle(ProposingCycle):
    """Holds the goal, and the planner that pursues it; keeps the goal while paused.

    Args:
        planner: turns observations into plans.
        spec: the robot.
        period_s: planning period.
        clock_s: a monotonic clock in seconds, to time plans.
        progress: tells when the robot gets no closer, and counts attempts.

    Attributes:
        problem: why the goal cannot be pursued; empty when it can.
    """

    def __init__(
        self,
        planner: Planner,
        spec: RobotSpec,
        period_s: float,
        clock_s: Callable[[], float],
        progress: ProgressWatch,
    ) -> None:
        super().__init__(spec, period_s)
        self._planner, self._clock_s = planner, clock_s
        self._followers: list[Follower] = []
        self._progress = progress
        self._goal: Goal | None = None
        self._hint = " or ".join(topic.name for topic in goal_topics(spec).values())
        self.problem = ""

    def follow(self, follower: Follower) -> None:
        """Hand on goals, observations and plans to `follower`, too."""
        self._followers.append(follower)

    def pursue(self, goal: Goal | None) -> None:
        """Pursue a goal from now on; None: hold. A goal that the planner cannot use is a `problem`."""
        self._goal, self.problem = goal, ""
        try:
            self._planner.set_goal(goal)
        except AmiError as error:
            self.problem = f"goal refused: {error}"
            self._planner.set_goal(None)
        for follower in self._followers:
            follower.pursue(goal)
        self._progress.restart()

    def restart(self) -> None:
        """Begin again, as after a reset of the robot; the goal stays."""
        super().restart()
        self._planner.restart()
        self._progress.restart()
        for follower in self._followers:
            follower.restart()

    def run(self, observation: Observation) -> tuple[Trajectory, GoalStatus]:
        """Return what to propose from `observation`, and why.

        Raises:
            AmiError: the planner cannot use the observation; the caller holds.
        """
        self.statistics.cycle(self._clock_s())
        if self.problem or self._goal is None or self.paused:
            self._progress.restart()
            for follower in self._followers:
                follower.see(observation, None)
            return self.hold(observation, self.idle())
        before = self._clock_s()
        plan = self._planner.plan(observation)
        duration_s = self._clock_s() - before
        self.statistics.plan(duration_s, plan.deadline_met)
        self.statistics.doubt(plan.disagreement, plan.surprise)
        for follower in self._followers:
            follower.see(observation, plan)
        proposal = self._meaning.proposal(plan.actions, observation)
        return proposal, self._report(plan, duration_s, self._goal, observation)

    def idle(self, waiting_for: str = "") -> GoalStatus:
        """Return the report of a cycle without a plan."""
        if self.problem:
            return self.status(GoalState.ERROR, self.problem)
        if self.paused:
            return self.status(GoalState.PAUSED, "paused by ~/pause")
        if waiting_for:
            return self.status(GoalState.WAITING, waiting_for)
        if self._goal is None:
            return self.status(GoalState.NO_GOAL, f"send {self._hint}")
        return self.status(GoalState.WAITING, "waiting for the next observation")

    def status(self, state: GoalState, reason: str) -> GoalStatus:
        """Return a report with the goal's name."""
        goal = self._goal
        if goal is None:
            return GoalStatus(state, reason)
        return GoalStatus(state, reason, goal.label, goal.sensors, goal_stamp_ns=goal.stamp_ns)

    def _report(self, plan: Plan, duration_s: float, goal: Goal, observation: Observation) -> GoalStatus:
        state = GoalState.ARRIVED if plan.arrived else GoalState.MOVING
        reason = f"{plan.distance:.1f} steps from the goal"
        if plan.arrived:
            self._progress.arrive(plan.distance)
        elif plan.way == NO_WAY:
            state, reason = (
                GoalState.STUCK,
                f"no route found: {reason}; the robot stays while the planner searches again",
            )
        elif stuck_s := self._progress.stuck_s(
            plan.distance, plan.observation_stamp_ns, detour=plan.way in TOLD
        ):
            state = GoalState.STUCK
            missing = ""
            if self.kinematics is not None:
                joints = self._spec.joint_position(observation)
                missing = what_is_missing(goal, joints, self._spec, self.kinematics)
            reason = f"cannot get closer: {reason}, no progress for {stuck_s:.0f} s{missing}"
        if self._progress.attempt > 1:
            state = GoalState.STUCK if self._progress.exhausted else state
            number, lost_at = self._progress.attempt, self._progress.lost_at
            reason += f"; attempt {number}: the one before came within {lost_at:.1f} steps and lost that"
        reason += TOLD.get(plan.way, "")
        if plan.left_out:
            reason += f"; without {' and '.join(plan.left_out)}, which is missing or unfamiliar"
        if plan.surprise is not None and plan.surprise > RARE_SURPRISE:
            what = max(plan.surprise_terms, key=lambda name: plan.surprise_terms[name])
            reason = f"{reason}; surprised by {what} ({plan.surprise:.1f})"
        if plan.surprise_at_rest is not None and plan.surprise_at_rest > RARE_SURPRISE:
            reason += ": the scene is unfamiliar to the model, and the gate may hold until it is familiar"
        return GoalStatus(
            state=state,
            reason=reason if plan.deadline_met else f"{reason}; deadline missed",
            goal=goal.label,
            goal_sensors=goal.sensors,
            goal_stamp_ns=goal.stamp_ns,
            stamp_ns=plan.observation_stamp_ns,
            distance=plan.distance,
            cost=plan.cost,
            cost_terms=plan.cost_terms,
            proposal=plan.proposal,
            plan_ms=duration_s * 1e3,
            disagreement=plan.disagreement,
            surprise=plan.surprise,
            surprise_terms=plan.surprise_terms,
            surprise_at_rest=plan.surprise_at_rest,
            way=plan.way,
            route_at=plan.route_at,
            recalled=plan.recalled,
            attempt=self._progress.attempt,
            foreseen=dict(plan.foreseen),
        )
