# SPDX-License-Identifier: Apache-2.0
"""Watches an exploration from outside, through the topics of explorer, gate and simulator."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String
from std_srvs.srv import SetBool

from ami_ros.errors import ProcessError
from ami_ros.exploration.progress import Progress
from ami_ros.ros.clients.client import START_TIMEOUT_S, Client
from ami_ros.ros.clients.episodes import EVERY_MESSAGE
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_from_ros
from ami_ros.ros.wire.message_limits import MOST_TEXT, report_limit, within
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.types import Level

TELL_S = 0.25  # wall time between two moments
SILENT_S = 30.0  # the explorer reports several times a second
HOLDS = (GoalState.PAUSED, GoalState.ARRIVED)


@dataclass(frozen=True)
class Moment:
    """Progress of the exploration.

    Attributes:
        state: of the explorer.
        reason: readable reason for it.
        progress: how far it has come.
        proposals: number that the gate has judged, by level name.
        unsafe: commands outside the limits, counted by the simulator, by kind; empty on a real robot.
    """

    state: GoalState
    reason: str
    progress: Progress
    proposals: dict[str, int] = field(default_factory=dict)
    unsafe: dict[str, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the exploration is complete, and the robot holds."""
        return bool(self.progress.finished)


class ExplorationClient(Client):
    """Watches the exploration, starts it and holds the robot.

    Args:
        check: as for Client.
        simulated: whether a simulator takes part, which waits for a request to begin.
        ros_arguments: as for Client.
    """

    def __init__(self, check: Callable[[], None], simulated: bool, ros_arguments: Sequence[str] = ()) -> None:
        super().__init__("exploration", check, ros_arguments)
        self._status: GoalStatus | None = None
        self._heard_s = time.monotonic()
        self._proposals = {level.name: 0 for level in Level}
        self._unsafe: dict[str, int] = {}
        listen, node = self._node.create_subscription, self._node
        on_status = within(report_limit(), DiagnosticArray, self._on_status)
        listen(DiagnosticArray, "planner/goal_status", on_status, EVERY_MESSAGE, raw=True)
        on_verdict = within(MOST_TEXT, DiagnosticArray, self._on_verdict)
        listen(DiagnosticArray, "safety/verdict", on_verdict, EVERY_MESSAGE, raw=True)
        self._pause: Any = node.create_client(SetBool, "explorer/pause")
        self._sim: Any = node.create_client(SetBool, "sim/pause") if simulated else None
        if simulated:
            listen(String, "sim/truth", self._on_truth, EVERY_MESSAGE)

    def moments(self) -> Iterator[Moment]:
        """Yield a moment now and then, until the exploration is complete.

        Raises:
            ProcessError: a node died, or the explorer went silent.
        """
        if self._sim is not None:
            self._call(self._sim, SetBool.Request(data=False), "sim/pause")
        told_s = 0.0
        while True:
            self._spin()
            now = time.monotonic()
            patience_s = START_TIMEOUT_S if self._status is None else SILENT_S
            if now - self._heard_s > patience_s:
                raise ProcessError(f"the explorer was silent for {patience_s:.0f} s")
            moment = self.newest
            if moment is not None and now - told_s >= TELL_S:
                told_s = now
                yield moment
                if moment.is_over:
                    return

    @property
    def newest(self) -> Moment | None:
        """The newest progress; None before the explorer's first report."""
        status = self._status
        if status is None:
            return None
        progress = Progress.of_numbers(status.progress)
        return Moment(status.state, status.reason, progress, dict(self._proposals), dict(self._unsafe))

    def hold(self) -> None:
        """Let the robot stand still, as long as the explorer still answers."""
        holds = lambda: self._status is not None and self._status.state in HOLDS  # noqa: E731
        self._ask_to_hold(self._pause, SetBool.Request(data=True), holds)

    def _on_status(self, message: DiagnosticArray) -> None:
        self._status, self._heard_s = status_from_ros(message), time.monotonic()

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        if judgement.proposal_stamp_ns is not None:
            self._proposals[judgement.verdict.level.name] += 1

    def _on_truth(self, message: String) -> None:
        self._unsafe = dict(json.loads(message.data)["unsafe_by_kind"])
