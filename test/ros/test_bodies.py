# SPDX-License-Identifier: Apache-2.0
"""Bodies that exist as YAML alone, over real DDS: sensors, gate, output and simulator, judged by the oracle."""

from __future__ import annotations

import json
import os
import signal
import time

import numpy as np
import pytest
from bodies.yaml_bodies import mobile_base, process_body, setpoint_task
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import codes_of, listen_to_gate, newest_state
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Image
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_to_ros
from ami_ros.ros.wire.messages import trajectory_to_ros
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.types import Level, Trajectory

PERIOD_S = 0.1
SPEEDS = np.array([0.4, -0.8])  # m/s, rad/s
EPISODE_STEPS = 100_000  # the test ends first


class Operator:
    """Plays the planner: proposes that the channels go to `wanted`, and hears simulator and gate."""

    def __init__(self, probe, spec: RobotSpec) -> None:
        self._spec = spec
        self.wanted, self.position = spec.home, spec.home
        self._truths = probe.listen(String, "sim/truth", 100)
        self._judgements = listen_to_gate(probe)
        self._reports = probe.node.create_publisher(DiagnosticArray, "planner/goal_status", 10)
        self._proposals = probe.node.create_publisher(JointTrajectory, "planner/proposed", 10)
        self._timer = probe.node.create_timer(PERIOD_S, self._propose)

    def _propose(self) -> None:
        stamp_ns = time.time_ns()
        points = np.stack([self.position, self.wanted, self.wanted])
        times = np.array([0, 200_000_000, 400_000_000], dtype=np.int64)
        proposal = Trajectory(self._spec.command_names, points, times, stamp_ns)
        self.position = self.wanted
        status = GoalStatus(GoalState.MOVING, "", stamp_ns=stamp_ns, proposal_stamp_ns=stamp_ns)
        self._reports.publish(status_to_ros(status, self._spec.name))
        self._proposals.publish(trajectory_to_ros(proposal))

    def fall_silent(self) -> None:
        self._timer.cancel()

    def truth(self, name: str) -> np.ndarray:
        return np.array(json.loads(self._truths[-1].data)[name]) if self._truths else np.full(6, np.nan)

    def unsafe(self) -> tuple[int, int]:
        last = json.loads(self._truths[-1].data)
        return last["unsafe_commands"], last["moved_after_stop"]

    def state(self):
        return newest_state(self._judgements)

    def codes(self) -> set[str]:
        return codes_of(self.state())

    def times_heard(self, code: str) -> int:
        return sum(code in codes_of(judgement.verdict) for judgement in self._judgements)


@pytest.fixture
def plant(start, probe, tmp_path):
    """The process body, driven to the middle of its range."""
    robot, task = process_body(tmp_path), setpoint_task(tmp_path)
    names = {"robot": str(robot), "task": str(task)}
    processes = {
        "sim": start("sim", **names, episode_steps=EPISODE_STEPS),
        "safety": start("safety", **names),
    }
    operator = Operator(probe, load_robot(robot))
    operator.processes = processes
    probe.call(SetBool, "sim/pause", data=False)
    return operator


def test_set_points_go_where_they_are_wanted_within_their_limits(plant, probe):
    goals = probe.listen(Float64MultiArray, "sim/goal_temperatures", LATCHED)
    commands = probe.listen(Float64MultiArray, "set_points", 100)
    plant.wanted = np.array([150.0, 30.0])
    probe.until(
        lambda: plant.state() is not None and plant.state().level <= Level.LIMITED, "a gate that runs"
    )
    steady = np.array([20.0 + 0.3 * 150 - 0.1 * 30, 18.0 + 0.2 * 150 - 0.05 * 30])
    probe.until(lambda: np.abs(plant.truth("temperatures")[:2] - steady).max() < 1.0, "the temperatures")
    assert plant.unsafe() == (0, 0)
    sent = np.array([message.data for message in commands])
    np.testing.assert_allclose(sent[-1], plant.wanted, atol=1e-6)
    assert np.abs(np.diff(sent[:, 0])).max() <= 400.0 * 0.01 * (1 + 1e-6), "W per tick"
    plant.wanted = np.array([250.0, 5.0])  # beyond the range of both
    probe.until(lambda: np.allclose(commands[-1].data, [200.0, 10.0]), "the ends of the ranges")
    assert "POSITION_LIMIT" in plant.codes()
    probe.until(lambda: len(goals) > 0, "the task's goal")
    assert len(goals[0].data) == 2 and plant.unsafe() == (0, 0)


def test_sensors_that_fall_silent_one_after_the_other_are_told_and_a_stop_stops(plant, probe):
    plant.wanted = np.array([100.0, 60.0])
    probe.until(
        lambda: plant.state() is not None and plant.state().level <= Level.LIMITED, "a gate that runs"
    )
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: plant.state().level is Level.STOP, "the stop")
    probe.spin(0.5)
    assert plant.unsafe() == (0, 0)
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    probe.until(lambda: plant.state().level <= Level.LIMITED, "a gate that runs again")
    watched = {"temperatures", "pressure", "flow"}

    def silent() -> set[str]:
        # Missing it is for a gate that itself stood still meanwhile, on a busy machine, and so began again.
        told = [r for r in plant.state().reasons if r.code in ("SENSOR_STALE", "SENSOR_MISSING")]
        return {r.sensor for r in told}

    assert probe.set_parameter("sim", "fault", "vector_silent@flow").successful
    probe.until(lambda: silent() == {"flow"}, "a silent sensor")
    plant.processes["sim"].kill()
    probe.until(lambda: silent() == watched, "silent sensors")
    probe.spin(0.5)
    assert silent() == watched, "nobody speaks any more"
    assert plant.state().level is Level.HOLD


@pytest.fixture
def driven(start, probe, tmp_path):
    """Drives a base, whose output has the interface, at SPEEDS."""

    def drive(interface: str) -> Operator:
        robot = mobile_base(tmp_path, lambda values: values["output"].update(interface=interface))
        task = setpoint_task(
            tmp_path,
            lambda values: values.update(goal_sensor="odometry", tolerance=[0.1] * 6, minimum_travel=0.5),
        )
        names = {"robot": str(robot), "task": str(task)}
        processes = {"sim": start("sim", **names, episode_steps=EPISODE_STEPS)}
        processes["safety"] = start("safety", **names)
        operator = Operator(probe, load_robot(robot))
        operator.processes = processes
        probe.call(SetBool, "sim/pause", data=False)
        operator.wanted = SPEEDS
        probe.until(lambda: abs(operator.truth("odometry")[0] - SPEEDS[0]) < 0.02, "the speed")
        return operator

    return drive


@pytest.mark.quick("twist_stamped")
@pytest.mark.parametrize("interface", ["twist", "twist_stamped"])
def test_a_base_moves_and_stands_still_when_its_planner_falls_silent(driven, probe, interface):
    operator = driven(interface)
    assert operator.truth("odometry")[5] == pytest.approx(SPEEDS[1], abs=0.05)
    operator.fall_silent()
    probe.until(lambda: operator.state().level is Level.HOLD, "the hold")
    probe.until(lambda: np.abs(operator.truth("odometry")).max() < 0.01, "standing still")
    assert operator.unsafe() == (0, 0)


@pytest.mark.alone
@pytest.mark.slow
def test_a_simulator_that_was_kept_waiting_misses_no_command_and_blames_no_gate(driven, probe):
    operator = driven("twist")  # without a stamp: only when none is missed, one command's step is a tick's
    sim = operator.processes["sim"]
    rounds = 0
    for _ in range(30):
        before, heard = operator.unsafe(), operator.times_heard("GATE_STALLED")
        operator.wanted = -operator.wanted
        probe.spin(0.12)
        os.kill(sim.pid, signal.SIGSTOP)
        time.sleep(0.25)
        os.kill(sim.pid, signal.SIGCONT)
        probe.spin(0.2)
        if operator.times_heard("GATE_STALLED") > heard:
            # A busy machine kept the gate waiting too. It starts again from what it measures, and a simulator
            # that hears of it late cannot know how long ago the last command without a stamp was sent.
            continue
        assert operator.unsafe() == before
        rounds += 1
        if rounds == 10:
            return
    pytest.fail(f"the gate stalled by itself in {30 - rounds} of 30 rounds")


def test_a_base_in_a_yard_is_kept_in_and_holds_without_odometry(start, probe, tmp_path):
    pytest.importorskip("pybullet", reason="needs pybullet")
    odometry = probe.listen(Odometry, "odom", 100)
    goals = probe.listen(Image, "sim/goal_image", LATCHED)
    names = {"robot": "husky", "task": "drive"}
    sim = start("sim", **names, episode_steps=EPISODE_STEPS)
    start("safety", **names)
    spec = load_robot("husky", "drive")
    operator = Operator(probe, spec)
    probe.call(SetBool, "sim/pause", data=False)
    operator.wanted = np.array([0.5, 0.0])
    probe.until(lambda: "KEEP_IN" in operator.codes(), "the border", 30.0)
    probe.spin(1.0)
    # A machine too busy for the camera lets the gate hold, rightly, until pictures come again.

    def is_kept_in() -> bool:
        return operator.state().level is Level.LIMITED and "KEEP_IN" in operator.codes()

    probe.until(is_kept_in, "a gate that keeps it in")
    assert operator.unsafe() == (0, 0)
    x, y, yaw = operator.truth("pose")
    room = spec.base.keep_in.max() - spec.base.radius - max(abs(x), abs(y))
    assert -0.05 < room < 0.3, "in front of the border, or along it"
    said = odometry[-1].pose.pose
    assert (said.position.x, said.position.y) == pytest.approx((x, y), abs=0.15)
    assert 2.0 * np.arctan2(said.orientation.z, said.orientation.w) == pytest.approx(yaw, abs=0.1)
    assert len(goals) == 1 and (goals[0].width, goals[0].height) == (96, 96)

    def is_on_its_way_back() -> bool:
        """Reverse toward the middle: which turn that takes depends on how it stands along the border."""
        x, y, yaw = operator.truth("pose")
        turn = (np.arctan2(-y, -x) - yaw) % (2.0 * np.pi) - np.pi  # of its rear
        operator.wanted = np.array([-0.4, np.clip(turn, -0.5, 0.5)])
        return operator.state().level is Level.PASS

    probe.until(is_on_its_way_back, "the way back")
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: operator.state().level is Level.STOP, "the stop")
    probe.spin(1.0)
    assert operator.unsafe() == (0, 0)
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    sim.kill()
    probe.until(lambda: "SENSOR_STALE" in operator.codes(), "stale odometry")
    assert operator.state().level is Level.HOLD
