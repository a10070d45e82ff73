# SPDX-License-Identifier: Apache-2.0
"""Where a proposal waits for the observation that it was planned from.

Topics overtake each other: a proposal may arrive before the joint state that it starts at. It is judged when
the gate has seen joints at least as new, any reading at all of every other sensor and, from a planner that
reports at all, the report about it (how sure the model is). So the outcome depends on the messages and not on
their order. A proposal that is too old or from the future is judged at once.
"""

from __future__ import annotations

from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Trajectory, Verdict


class ProposalDesk:
    """Judges proposals when their time has come; only the newest waiting one is kept."""

    def __init__(self, supervisor: Supervisor, body: GateBody | BodyGroups, settings: SafetySettings) -> None:
        self._supervisor = supervisor
        self._oldest_ns = round(settings.proposal_age_s * 1e9)
        self._furthest_ns = round(settings.future_tolerance_s * 1e9)
        self._planner_reports, groups = False, BodyGroups.of(body).groups
        self._joints = {group.joint_sensor.name for group in groups if group.joint_sensor is not None}
        self._sensors = {sensor.name for group in groups for sensor in group.sensors} - self._joints
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a restart of time."""
        self._waiting: list[Trajectory] = []
        self._joint_stamps_ns: dict[str, int | None] = dict.fromkeys(self._joints)
        self._report_stamp_ns: int | None = None
        self._unseen = set(self._sensors)

    def see_joints(self, stamp_ns: int, sensor: str = "") -> None:
        """Note the newest joint state; `sensor` is empty for a robot with one sensor of joints."""
        for name in [sensor] if sensor else self._joints:
            self._joint_stamps_ns[name] = stamp_ns

    def see(self, sensor: str) -> None:
        """Note that another sensor is alive."""
        self._unseen.discard(sensor)

    def see_report(self, stamp_ns: int) -> None:
        """Note a report: from now on each proposal waits for its own.

        `stamp_ns` is that of the proposal reported on, 0 for a sign of life alone.
        """
        self._planner_reports = True
        self._report_stamp_ns = stamp_ns or self._report_stamp_ns

    def put(self, proposal: Trajectory) -> None:
        """Take a proposal."""
        self._waiting.append(proposal)

    def judge(self, now_ns: int) -> list[tuple[Trajectory, Verdict]]:
        """Submit the proposals whose time has come, in order of arrival."""
        if not self._waiting:
            return []
        ready = [proposal for proposal in self._waiting if self._is_ready(proposal.stamp_ns, now_ns)]
        early = [proposal for proposal in self._waiting if proposal not in ready]
        self._waiting = [max(early, key=lambda proposal: proposal.stamp_ns)] if early else []
        return [(proposal, self._supervisor.submit(proposal, now_ns)) for proposal in ready]

    def _is_ready(self, stamp_ns: int, now_ns: int) -> bool:
        if not now_ns - self._oldest_ns <= stamp_ns <= now_ns + self._furthest_ns:
            return True
        newest = list(self._joint_stamps_ns.values())
        newest += [self._report_stamp_ns] if self._planner_reports else []
        return not self._unseen and all(seen is not None and seen >= stamp_ns for seen in newest)
