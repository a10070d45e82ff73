# SPDX-License-Identifier: Apache-2.0
"""Talks to a gate that runs as a process, over DDS; the test plays planner and robot."""

from __future__ import annotations

import os
import signal

import numpy as np
from heard_verdicts import codes_of, listen_to_gate, newest_state
from played_robot import PlayedRobot
from probe import Probe, Task
from rclpy.serialization import serialize_message
from simulated_time import REHEARSAL_NS, START_NS, SimulatedTime
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.wire.messages import stamp_to_ns, trajectory_to_ros
from ami_ros.system.processes import NodeProcess
from ami_ros.types import Trajectory, Verdict

STEP_NS = 100_000_000
SPEED = 0.1  # rad/s
REACH = 0.2  # rad, to either side of home: far from the walls, for however long a test moves
# A planner that never reported and never proposed is silent as well, once the gate has waited for it.
READY = ({"PROPOSAL_MISSING"}, {"PROPOSAL_MISSING", "PLANNER_SILENT"})


class Gate:
    """Talks to the gate and remembers what it said.

    Attributes:
        process: the gate's.
        commands: what it told the robot.
        judgements: its verdicts.
        change: what is done to each proposal before it is sent.
        speed: rad/s that is proposed.
        followed: the robot goes where it is told.
    """

    process: NodeProcess

    def __init__(self, probe: Probe, robot: PlayedRobot) -> None:
        self.probe, self.robot = probe, robot
        # A long queue: a test that a busy machine keeps waiting misses none.
        topic = "joint_trajectory_controller/joint_trajectory"
        self.commands = probe.listen(JointTrajectory, topic, 1000)
        self.judgements = listen_to_gate(probe)
        self._proposed = probe.node.create_publisher(JointTrajectory, "planner/proposed", 10)
        self.change = lambda message: None
        self.speed, self._direction = SPEED, 1.0
        self._planner: Task | None = None
        self.followed = True

    # Its time, and its beginning and end

    def hold_time(self) -> None:
        """Let the test hold the gate's clock."""
        self.probe.hold_time(SimulatedTime(self.probe, self.process, self._newest_ns))

    def _newest_ns(self) -> int:
        return stamp_to_ns(self.commands[-1].header.stamp) if self.commands else 0

    def begin(self, now_ns: int = START_NS) -> None:
        """Wait until the gate hears and is heard, and let simulated time begin at `now_ns`, at an unmoved clock."""
        time = self.probe.time
        time.wait_for_listeners()
        self.restart(now_ns)

    def restart(self, now_ns: int = START_NS) -> None:
        """Set the clock, to a time from before: the gate forgets everything but what operators said."""
        self.commands.clear()
        self.judgements.clear()
        self.probe.time.set(now_ns)
        said = lambda: any(  # noqa: E731
            j.stamp_ns == now_ns and "CLOCK_RESTARTED" in codes_of(j.verdict) for j in self.judgements
        )
        self.probe.wait(said, "the gate's word that time starts again")

    def rehearse(self) -> None:
        """Let simulated time begin; all messages of robot and gate reach the other from the first tick on."""
        self.begin(REHEARSAL_NS)
        self.probe.wait(self.is_ready, "a gate that has joints and camera", ticking=True)
        self.restart()
        self.probe.until(self.is_ready, "a gate that has joints and camera", 0.1)

    def is_ready(self) -> bool:
        """Whether nothing but the planner is missing."""
        return self.codes() in READY

    def end(self) -> None:
        """Let the gate come to rest and end, whatever has become of it."""
        if self.probe.time is not None and self.process.exit_code is None:
            self.silence()
            os.kill(self.process.pid, signal.SIGTERM)
            self.probe.time.end()

    # The planner

    def propose(self) -> int:
        """Propose to move joint 4, to and fro, and return the proposal's stamp."""
        away = float(self.robot.position[3] - self.robot.spec.home[3])
        if abs(away) > REACH:
            self._direction = -np.sign(away)
        stamp_ns = self.probe.now_ns()
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
        """Propose ten times a second."""
        self._planner = self.probe.every(0.1, self.propose)

    def propose_until_moving(self) -> None:
        """Propose ten times a second, and wait until the robot moves."""
        self.propose_on()
        self.probe.until(self.moving, "motion")

    def flood(self) -> Task:
        """Send one old proposal again and again, next to the good ones; serialised, or this process were busy."""
        message = trajectory_to_ros(self.trajectory(self.probe.now_ns()))
        data = serialize_message(message)

        def burst() -> None:
            for _ in range(10):
                self._proposed.publish(data)

        return self.probe.every(0.01, burst)

    def silence(self) -> None:
        """Propose nothing more."""
        if self._planner is not None:
            self._planner.cancel()

    # What it says

    def all_codes(self) -> set[str]:
        """Every reason that was ever given."""
        return {reason.code for judgement in self.judgements for reason in judgement.verdict.reasons}

    def state(self) -> Verdict | None:
        """The last verdict on the gate as a whole."""
        return newest_state(self.judgements)

    def codes(self) -> set[str]:
        """The reasons of that verdict."""
        return codes_of(self.state())

    def said_ns(self, code: str, after_ns: int = 0) -> int | None:
        """Return the stamp of the first verdict on the gate after `after_ns` that gives this reason."""
        return next(
            (
                j.stamp_ns
                for j in self.judgements
                if j.proposal_stamp_ns is None and j.stamp_ns > after_ns and code in codes_of(j.verdict)
            ),
            None,
        )

    def velocity(self) -> float:
        """Joint 4's commanded velocity, its size."""
        return abs(self.commands[-1].points[0].velocities[3]) if self.commands else 0.0

    def moving(self) -> bool:
        """Whether the robot is told to move."""
        return self.velocity() > 0.5 * SPEED

    def follow(self) -> None:
        """Make the robot go where it is told."""

        def step() -> None:
            if self.commands and self.followed:
                self.robot.position = np.array(self.commands[-1].points[0].positions)

        self.probe.every(0.01, step)
