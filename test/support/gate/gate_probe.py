# SPDX-License-Identifier: Apache-2.0
"""Talks to a gate that runs as a process, over DDS; the test plays planner and robot."""

from __future__ import annotations

import time

import numpy as np
from heard_verdicts import codes_of, listen_to_gate, newest_state
from rclpy.serialization import serialize_message
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.wire.messages import trajectory_to_ros
from ami_ros.types import Trajectory

STEP_NS = 100_000_000
SPEED = 0.1  # rad/s
REACH = 0.2  # rad, to either side of home: far from the walls, for however long a test moves


class Gate:
    """Talks to the gate and remembers what it said."""

    def __init__(self, probe, robot) -> None:
        self.probe, self.robot = probe, robot
        self.commands = probe.listen(JointTrajectory, "joint_trajectory_controller/joint_trajectory")
        self.judgements = listen_to_gate(probe)
        self._proposed = probe.node.create_publisher(JointTrajectory, "planner/proposed", 10)
        self.change = lambda message: None
        self.speed, self._direction = SPEED, 1.0
        self._timer = None
        self.followed = True  # the robot goes where it is told

    def propose(self) -> int:
        """Propose to move joint 4, to and fro, and return the proposal's stamp."""
        away = float(self.robot.position[3] - self.robot.spec.home[3])
        if abs(away) > REACH:
            self._direction = -np.sign(away)
        stamp_ns = time.time_ns()
        message = trajectory_to_ros(self.trajectory(stamp_ns))
        self.change(message)
        self._proposed.publish(message)
        return stamp_ns

    def trajectory(self, stamp_ns: int) -> Trajectory:
        points = np.stack([self.robot.position] * 5)
        points[:, 3] += np.arange(5) * self._direction * self.speed * STEP_NS / 1e9
        times = np.arange(5, dtype=np.int64) * STEP_NS
        return Trajectory(self.robot.spec.joint_names, points, times, stamp_ns)

    def propose_on(self) -> None:
        """Propose ten times a second, and let the robot follow the commands."""
        self._timer = self.probe.node.create_timer(0.1, self.propose)

    def flood(self) -> None:
        """Send one old proposal again and again, next to the good ones; serialised, or this process were busy."""
        message = trajectory_to_ros(self.trajectory(time.time_ns()))
        data = serialize_message(message)

        def burst() -> None:
            for _ in range(10):
                self._proposed.publish(data)

        self.probe.node.create_timer(0.01, burst)

    def silence(self) -> None:
        self._timer.cancel()

    def silence_until_stale(self) -> None:
        """Propose nothing more until the gate calls the last proposal stale.

        A gate that a busy machine stalls meanwhile starts over and knows of no proposal: it gets one more.
        """

        def stale() -> bool:
            codes = self.codes()
            if "PROPOSAL_MISSING" in codes:
                self.propose()
            return "PROPOSAL_STALE" in codes

        self.silence()
        self.probe.until(stale, "a hold for the planner's silence")

    def all_codes(self) -> set[str]:
        """Every reason that was ever given."""
        return {reason.code for judgement in self.judgements for reason in judgement.verdict.reasons}

    def state(self):
        """The last verdict on the gate as a whole."""
        return newest_state(self.judgements)

    def codes(self) -> set[str]:
        return codes_of(self.state())

    def velocity(self) -> float:
        """Joint 4's commanded velocity, its size."""
        return abs(self.commands[-1].points[0].velocities[3]) if self.commands else 0.0

    def moving(self) -> bool:
        return self.velocity() > 0.5 * SPEED

    def follow(self) -> None:
        """Make the robot go where it is told."""

        def step() -> None:
            if self.commands and self.followed:
                self.robot.position = np.array(self.commands[-1].points[0].positions)

        self.probe.node.create_timer(0.01, step)
