# SPDX-License-Identifier: Apache-2.0
"""Goals one after the other, at the speed that the gate allows, judged by the robot's sensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rcl_interfaces.srv import SetParameters
from std_srvs.srv import Trigger

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.commissioning.core.spread import TakenGoal, next_goal
from ami_ros.commissioning.core.trials import GoalTrial
from ami_ros.errors import ProcessError
from ami_ros.ros.clients.client import START_TIMEOUT_S
from ami_ros.ros.commissioning.watched_robot import WatchedRobot
from ami_ros.ros.wire.goal_status import GoalState
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.types import FloatArray, ImageArray, Level, Observation

PLANNER = "planner"


class PursuitClient(WatchedRobot):
    """Sends the planner goals, and measures how close the robot gets.

    Args:
        spec: the robot.
        check: as for Client.
        simulated: as for WatchedRobot.
        wanted: what counts as reached, and in which time.
        goals: to choose from.
        ros_arguments: as for Client.

    Attributes:
        picture: the first camera's last picture; None without a camera.
    """

    def __init__(
        self,
        spec: RobotSpec,
        check: Callable[[], None],
        simulated: bool,
        wanted: CommissionSettings,
        goals: Sequence[TakenGoal],
        ros_arguments: Sequence[str] = (),
    ) -> None:
        super().__init__("commission", spec, check, simulated, PLANNER, ros_arguments)
        self._wanted, self._taken = wanted, goals
        self.picture: ImageArray | None = None
        self._places = [goal.place for goal in goals]
        self.within = self.place.within(wanted, self._places)
        self._share, self._there = wanted.slow, self._places[0]
        self._index, self._goal_ns, self._begun_ns, self._since_ns, self._unsafe = 0, 0, 0, 0, 0
        self._arrived_ns: int | None = None
        self._before: dict[str, float] = {}
        self._levels: dict[str, float] = {}
        self._reasons: dict[str, int] = {}
        self._stops, self._said = 0, ""
        self._why: list[str] = []  # reasons for the gate's present level
        self._gate: Any = self._node.create_client(SetParameters, "safety/set_parameters")
        self._cancel: Any = self._node.create_client(Trigger, f"{PLANNER}/cancel")

    def limit_authority(self, share: float) -> None:
        """Let the gate allow this share of the authority. Raises ProcessError: it refuses."""
        self._share = share
        self._set_on(self._gate, "safety", self.place.limits(share, self._places[0]))

    def choose(self, tried: dict[int, int]) -> int:
        """Return the index of the next goal: see `next_goal`."""
        return next_goal(tried, self._gaps_to_all(), self.place.near(self._wanted))

    def farthest(self) -> int:
        """Return the index of the goal that is farthest from where the robot is."""
        return int(np.argmax(self._gaps_to_all()))

    def _gaps_to_all(self) -> FloatArray:
        points = np.stack([self.place.point(self._goal_at(place)) for place in self._places])
        gaps: FloatArray = np.linalg.norm(points - self.place.point(self.here()), axis=1)
        return gaps

    def _goal_at(self, place: FloatArray) -> FloatArray:
        return self.place.goal_at(self._share, place, self._places[0])

    def here(self) -> FloatArray:
        """Return where the robot is (P,), once it has published that. Raises ProcessError: not in time."""
        if self._here is None:
            self.wait_for_planner()  # at its start a simulator waits for the planner's proposals
            self.go()
            self._until(lambda: self._here is not None, START_TIMEOUT_S, self._last_words)
            self.rest()
        return np.empty(0) if self._here is None else self._here

    def begin(self, index: int) -> None:
        """Send the planner a goal, and let it go there.

        Raises:
            ProcessError: a node died, or the planner does not accept it.
            GoalError: the planner refuses the goal.
        """
        if self.level is Level.STOP:
            why = ", ".join(self._why) or "no reason reported"
            raise ProcessError(
                f"the gate has stopped ({why}), expected one that allows motion: check the robot and release "
                "the e-stop; then run the same command again, and the gate starts again"
            )
        self._index, self._said = index, ""
        self._there = self._goal_at(self._places[index])
        goal = replace(self._taken[index], place=self._there)
        self._before = self.place.gaps(self.here(), self._there)
        self._goal_ns = self.show(goal)
        self.wait_for_goal(self._goal_ns)
        self._arrived_ns = None
        self._begun_ns = self._since_ns = self.now_ns
        self._levels, self._reasons, self._stops, self._unsafe = {}, {}, 0, self.unsafe
        self.go()

    def pursue(self, index: int) -> Iterator[dict[str, float]]:
        """Pursue one goal to the end, and yield the gaps at each look.

        Args:
            index: of the goal.

        Raises:
            ProcessError: a node died, or the robot went silent.
            GoalError: the planner refuses the goal.
        """
        self.begin(index)
        while not self._is_over(self.place.patience_s(self._wanted.goal_s, self._share)):
            self.look()
            yield self.place.gaps(self.here(), self._there)
        self._said = self._last_words()
        self.rest()

    def rest(self) -> None:
        """Let the planner hold, and stop simulated time."""
        self._call(self._cancel, Trigger.Request(), f"{PLANNER}/cancel")
        super().rest()

    def trial(self) -> GoalTrial:
        """Return the result of the goal pursued last."""
        self._count(self.now_ns)
        return GoalTrial(
            goal=self._index,
            before=self._before,
            after=self.place.gaps(self.here(), self._there),
            seconds=(self.now_ns - self._begun_ns) / 1e9,
            said=self._said,
            levels=self._levels,
            stops=self._stops,
            reasons=self._reasons,
            unsafe=self.unsafe - self._unsafe,
        )

    def hold(self) -> None:
        """Let the robot stand still, as long as the planner still answers."""
        holds = lambda: self._status is not None and self._status.state is GoalState.NO_GOAL  # noqa: E731
        self._ask_to_hold(self._cancel, Trigger.Request(), holds)

    def _is_over(self, limit_s: float) -> bool:
        if self.level is Level.STOP or self.now_ns - self._begun_ns >= limit_s * 1e9:
            return True
        arrived = self._arrived_ns
        return arrived is not None and self.now_ns - arrived >= self._wanted.settle_s * 1e9

    def _on_observation(self, observation: Observation, here: FloatArray) -> None:
        if self._cameras and self._cameras[0] in observation.readings:
            self.picture = observation[self._cameras[0]].value
        status = self._status
        if status is None or status.state is not GoalState.ARRIVED or status.goal_stamp_ns < self._goal_ns:
            self._arrived_ns = None
        elif self._arrived_ns is None:
            self._arrived_ns = observation.stamp_ns

    def _on_state(self, judgement: Judgement) -> None:
        self._count(judgement.stamp_ns)
        level = judgement.verdict.level
        if level >= Level.HOLD:
            for reason in judgement.verdict.reasons:
                self._reasons[reason.code] = self._reasons.get(reason.code, 0) + 1
        self._why = [reason.code for reason in judgement.verdict.reasons]
        self._stops += level is Level.STOP and self.level is not Level.STOP

    def _count(self, until_ns: int) -> None:
        """Count the time until then for the gate's present level."""
        seconds = max(0, until_ns - self._since_ns) / 1e9
        self._levels[self.level.name] = self._levels.get(self.level.name, 0.0) + seconds
        self._since_ns = max(until_ns, self._since_ns)
