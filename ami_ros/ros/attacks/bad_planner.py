# SPDX-License-Identifier: Apache-2.0
"""A node between planner and gate that spoils proposals: for tests of the gate only.

It receives the planner's proposals on ``~/proposed_in`` and publishes them on ``planner/proposed``, unchanged
or spoiled.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from ami_ros.errors import ConfigError
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.messages import trajectory_from_ros, trajectory_to_ros
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown
from ami_ros.ros.wire.qos import STATE
from ami_ros.settings.fields import setting
from ami_ros.sim.faults.proposals import FLOOD_HZ, PROPOSAL_FAULTS
from ami_ros.types import Trajectory

MARK = "fault"  # frame_id of spoiled proposals, followed by the time of sending
FLOOD = "planner_flood"
BURST_S = 0.01  # a flood comes in bursts: no Python timer reaches FLOOD_HZ


@dataclass(frozen=True)
class BadPlannerSettings:
    """Parameters of the bad planner."""

    fault: str = setting("a fault of the part `proposals`; empty: nothing", live=True)

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown fault."""
        if self.fault and self.fault not in PROPOSAL_FAULTS:
            raise ConfigError(f"fault: got {self.fault!r}, expected one of {', '.join(PROPOSAL_FAULTS)}")


class BadPlannerNode(Node):
    """Passes proposals on, spoiled while a fault is on; a flood repeats the newest one without end."""

    def __init__(self) -> None:
        super().__init__("bad_planner")
        declare_settings(self, BadPlannerSettings(fault=""))
        refuse_unknown(self)
        errors = ErrorLog(self)
        self._good: Trajectory | None = None
        self._proposals = self.create_publisher(JointTrajectory, "planner/proposed", STATE)
        on_proposal = guarded(errors, self._on_proposal)
        self.create_subscription(JointTrajectory, "~/proposed_in", on_proposal, STATE)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(BURST_S, guarded_timer(errors, self._flood), clock=steady)

    def _fault(self) -> str:
        return str(self.get_parameter("fault").value)

    def _on_proposal(self, message: JointTrajectory) -> None:
        fault = self._fault()
        if not fault:
            self._good = None  # else a flood would begin with a proposal of an earlier run
            self._proposals.publish(message)
            return
        self._good = trajectory_from_ros(message)
        self._send(PROPOSAL_FAULTS[fault](self._good))

    def _flood(self) -> None:
        if self._good is not None and self._fault() == FLOOD:
            for _ in range(round(FLOOD_HZ * BURST_S)):
                self._send(PROPOSAL_FAULTS[FLOOD](self._good))

    def _send(self, proposal: Trajectory) -> None:
        message = trajectory_to_ros(proposal)
        message.header.frame_id = f"{MARK} {self.get_clock().now().nanoseconds}"
        self._proposals.publish(message)


def sent_ns(message: JointTrajectory) -> int | None:
    """Return when a spoiled proposal was sent; None for a good one."""
    mark, _, sent = message.header.frame_id.partition(" ")
    return int(sent) if mark == MARK else None


def main() -> int:
    """Run the bad planner."""
    return node_main("bad_planner", BadPlannerNode)


if __name__ == "__main__":
    sys.exit(main())
