# SPDX-License-Identifier: Apache-2.0
"""Robots of several groups, by YAML alone: the gate as a process, each controller on a topic of its own."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import GROUPED, grouped_robot
from heard_verdicts import codes_of, listen_to_gate, newest_state
from simulated_time import START_NS, TICK_NS, SimulatedTime
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.ros.wire.commands import from_message, message_type
from ami_ros.ros.wire.messages import joints_to_ros, stamp_to_ns, trajectory_to_ros
from ami_ros.ros.wire.vectors import vector_to_ros, vector_type
from ami_ros.types import FloatArray, Level, Trajectory

STEP_NS, POINTS = 100_000_000, 5
SHARE = 0.05  # of each channel's fastest


class Robot:
    """Plays planner, sensors and controllers of a robot that goes where it is told."""

    def __init__(self, probe, spec: RobotSpec) -> None:
        self.spec, self.at, self._probe = spec, spec.home.copy(), probe
        self._speeds = SHARE * np.where(spec.home < spec.limits.upper, 1.0, -1.0) * spec.limits.velocity
        self.heard = {
            carried: probe.listen(message_type(carried.output.of), carried.output.topic, 200)
            for carried in spec.outputs
        }
        self.judgements = listen_to_gate(probe)
        self._vectors = {
            vector: probe.node.create_publisher(vector_type(vector), vector.topic, 10)
            for vector in spec.vectors
        }
        self._proposed = probe.node.create_publisher(JointTrajectory, "planner/proposed", 10)
        self._count = 0
        probe.every(0.02, self._sense)
        probe.every(0.1, self._propose)

    def newest_ns(self) -> int:
        """The stamp of the newest command; 0 where none has one."""
        newest = [messages[-1] for messages in self.heard.values() if messages]
        return max((stamp_to_ns(m.header.stamp) for m in newest if hasattr(m, "header")), default=0)

    def _sense(self) -> None:
        now, self._count = self._probe.now_ns(), self._count + 1
        for carried, messages in self.heard.items():
            if messages:
                self.at[list(carried.columns)] = self.commanded(carried, messages[-1])
        for vector, publisher in self._vectors.items():
            if vector.is_joints:
                names = vector.names
                publisher.publish(joints_to_ros(names, self.at[: len(names)], np.zeros(len(names)), now))
            else:
                values = np.full(vector.size, 1e-4 * (self._count % 9))
                publisher.publish(vector_to_ros(values, vector, now))

    def _propose(self) -> None:
        times = np.arange(POINTS, dtype=np.int64) * STEP_NS
        points = self.at + np.outer(times / 1e9, self._speeds)
        proposal = Trajectory(self.spec.command_names, points, times, self._probe.now_ns())
        self._proposed.publish(trajectory_to_ros(proposal))

    def commanded(self, carried, message) -> FloatArray:
        before = self.spec.home[list(carried.columns)]
        return from_message(message, carried.output.of, carried.names, before, TICK_NS, 0).position

    def moved(self) -> bool:
        return bool((np.abs(self.at - self.spec.home) > 0.3 * np.abs(self._speeds)).all())


@pytest.mark.parametrize("name", GROUPED)
def test_every_controller_gets_its_own_channels_and_a_stop_stops_them_all(start, probe, tmp_path, name):
    path = grouped_robot(tmp_path, name)
    robot = Robot(probe, load_robot(path))
    gate = start("safety", robot=str(path), task="reach", use_sim_time=True)
    time = SimulatedTime(probe, gate, robot.newest_ns)
    probe.hold_time(time)
    time.wait_for_listeners()
    time.set(START_NS)
    probe.until(robot.moved, "motion of every channel")
    assert all(messages for messages in robot.heard.values())
    if name == "two_rates":
        before = [len(messages) for messages in robot.heard.values()]
        probe.spin(2.0)
        arm, gripper = np.subtract([len(messages) for messages in robot.heard.values()], before)
        assert 199 <= arm <= 201 and 19 <= gripper <= 21, "100 and 10 messages a second"
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: newest_state(robot.judgements).level is Level.STOP, "the stop")
    assert "ESTOP" in codes_of(newest_state(robot.judgements))

    def stands() -> bool:
        return bool(np.abs(robot.at - robot.spec.at_standstill(robot.at)).max() < 0.01)

    probe.spin(0.5)
    probe.until(stands, "each group standing still in its own way", 3.0)
    at = robot.at.copy()
    probe.spin(0.5)
    np.testing.assert_allclose(robot.at, at, atol=0.01)
