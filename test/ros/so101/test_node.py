# SPDX-License-Identifier: Apache-2.0
"""The driver over DDS: joint states, commands, and each way in which an arm is away or unwell."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from feetech_servos import MOTORS, OVERLOAD, STARTS, STATUS, TEMPERATURE, TORQUE, FeetechServos
from robots import skip_without_robots_of_others
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64, Float64MultiArray
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

pytest.importorskip("scservo_sdk", reason="needs the extra 'so101'")

from ami_ros.body.robot_spec import load_robot
from ami_ros.devices.servo_calibration import RAD_PER_TICK, read_servos
from ami_ros.ros.wire.messages import command_to_ros, joints_from_ros
from ami_ros.settings.share import config_path
from ami_ros.types import Command

NODE, TICK_NS, SPEED = "ami_ros.ros.so101.node", 10_000_000, 1.5
ARM = MOTORS[:5]


@pytest.fixture
def servos(tmp_path):
    skip_without_robots_of_others()
    servos = FeetechServos(tmp_path / "arm")
    yield servos
    servos.close()


class Driver:
    """A driver that runs, and what it says."""

    def __init__(self, start, probe, servos, tmp_path, **parameters) -> None:
        self.probe, self.servos = probe, servos
        file = servos.calibration(tmp_path / "so101.json")
        self.servo_of = read_servos(file)
        self.joints = probe.listen(JointState, "joint_states")
        self.health = probe.listen(DiagnosticArray, "/diagnostics", 50, lambda message: message.status[0])
        self.commands = probe.node.create_publisher(
            JointTrajectory, "joint_trajectory_controller/joint_trajectory", 10
        )
        given = {
            "robot": "so101",
            "port": str(servos.path),
            "calibration": str(file),
            "reconnect_s": 0.2,
            **parameters,
        }
        self.process = start(NODE, **given)

    def until_connected(self) -> None:
        self.probe.until(lambda: self.joints, "joint states")
        self.probe.until(self.commands.get_subscription_count, "a listener to commands")

    def end(self) -> int:
        self.probe.until(lambda: self.process.exit_code is not None, "its end")
        return self.process.exit_code

    def says(self, text: str, level: bytes) -> None:
        self.health.clear()
        self.probe.until(lambda: any(text in one.message and one.level == level for one in self.health), text)

    def refuses(self, text: str) -> None:
        def told() -> bool:
            return any(text in value.value for one in self.health for value in one.values)

        self.health.clear()
        self.probe.until(told, text)

    def position(self) -> np.ndarray:
        self.joints.clear()
        self.probe.until(lambda: self.joints, "joint states")
        return joints_from_ros(self.joints[-1], ARM, ["gripper"])[0]

    def command(self, position, age_s: float = 0.0) -> None:
        stamp_ns = time.time_ns() - round(age_s * 1e9)
        self.commands.publish(
            command_to_ros(Command(np.array(position), np.zeros(5), stamp_ns), ARM, TICK_NS)
        )

    def lead(self, position) -> None:
        def there() -> bool:
            self.command(position)
            self.probe.spin(0.05)
            return bool(np.abs(self.position() - position).max() < 3 * RAD_PER_TICK)

        self.probe.until(there, "the arm where it was commanded to be")


@pytest.fixture
def run(start, probe, servos, tmp_path):
    def run(**parameters) -> Driver:
        return Driver(start, probe, servos, tmp_path, **parameters)

    return run


@pytest.fixture
def driver(run):
    driver = run()
    driver.until_connected()
    return driver


def test_joint_states_are_those_of_the_robots_yaml(driver, servos):
    spec = load_robot("so101")
    message = driver.joints[-1]
    position, velocity = joints_from_ros(message, spec.joint_names, spec.simulation.hold_joints)
    expected = [driver.servo_of[name].angle(ticks) for name, ticks in zip(ARM, STARTS, strict=False)]
    assert position == pytest.approx(expected, abs=2 * RAD_PER_TICK) and not velocity.any()
    assert list(message.name) == list(MOTORS)
    assert servos.torques() == [1] * 6
    driver.says("holds: no command yet", b"\x00")


def test_it_follows_commands_at_its_own_speed_and_holds_when_they_end(driver, probe):
    start = driver.position()
    target = start + [0.2, -0.1, 0.1, 0.05, -0.2]
    driver.lead(target)
    driver.says("holds: no command for", b"\x00")
    assert np.abs(driver.position() - target).max() < 3 * RAD_PER_TICK
    # A command of another world: it arrives, but no faster than allowed.
    before_s, before = time.monotonic(), driver.position()
    driver.command(target + 0.8)
    probe.spin(0.2)
    moved, passed_s = (driver.position() - before).max(), time.monotonic() - before_s
    assert 0.0 < moved <= SPEED * passed_s + 3 * RAD_PER_TICK


def test_what_is_no_command_is_refused_with_a_reason_and_moves_nothing(driver):
    start = driver.position()
    driver.command(start + 0.3, age_s=3.0)
    driver.refuses("got a stamp 3")
    driver.command([np.nan] * 5)
    driver.refuses("finite")
    many = command_to_ros(Command(start + 0.3, np.zeros(5), time.time_ns()), ARM, TICK_NS)
    many.points = [many.points[0]] * 2
    driver.commands.publish(many)
    driver.refuses("got 2 points, expected one")
    assert np.abs(driver.position() - start).max() < 3 * RAD_PER_TICK


def test_the_gripper_has_a_topic_of_its_own(driver, probe):
    jaw = probe.node.create_publisher(Float64, "so101/gripper", 10)
    probe.until(jaw.get_subscription_count, "a listener")
    jaw.publish(Float64(data=0.4))
    servo = driver.servo_of["gripper"]
    probe.until(lambda: abs(servo.angle(driver.servos.servos[6].get(56, 2)) - 0.4) < 0.01, "the jaw there")


def test_a_gripper_that_is_a_group_is_commanded_by_its_output(run, probe, tmp_path):
    text = yaml.safe_load(config_path("robots", "so101.yaml").read_text())
    actions = text["actions"]
    arm = {
        "meaning": actions.pop("meaning"),
        "channels": actions.pop("channels"),
        "output": "arm",
        "arm": text.pop("arm"),
    }
    jaw = {"gripper": {"unit": "rad", "range": [-0.6, 0.6], "rest": 0.0, "velocity": 1.0}}
    text["groups"] = {"arm": arm, "jaw": {"meaning": "setpoint", "channels": jaw, "output": "jaw"}}
    text["outputs"] = {
        "arm": text.pop("output"),
        "jaw": {"interface": "float_array", "topic": "gripper/commands"},
    }
    text["simulation"] = {"kind": "none", "held": ["gripper"]}
    text["tasks"] = {}
    robot = tmp_path / "two_groups.yaml"
    robot.write_text(yaml.safe_dump(text, sort_keys=False))
    driver = run(robot=str(robot))
    driver.until_connected()
    assert list(driver.joints[-1].name) == list(MOTORS)
    commands = probe.node.create_publisher(Float64MultiArray, "gripper/commands", 10)
    probe.until(commands.get_subscription_count, "a listener")
    commands.publish(Float64MultiArray(data=[-0.3]))
    servo = driver.servo_of["gripper"]
    probe.until(lambda: abs(servo.angle(driver.servos.servos[6].get(56, 2)) + 0.3) < 0.01, "the jaw there")


def test_forward_positions_and_velocities(run, probe):
    driver = run(command_interface="forward_velocity")
    probe.until(lambda: driver.joints, "joint states")
    commands = probe.node.create_publisher(Float64MultiArray, "forward_velocity_controller/commands", 10)
    probe.until(commands.get_subscription_count, "a listener")
    start = driver.position()
    for _ in range(10):
        commands.publish(Float64MultiArray(data=[0.5, 0.0, 0.0, 0.0, 0.0]))
        probe.spin(0.02)
    probe.spin(0.3)
    moved = driver.position() - start
    assert moved[0] == pytest.approx(10 * 0.01 * 0.5, abs=0.01), "each is good for one tick of the gate"
    assert np.abs(moved[1:]).max() < 3 * RAD_PER_TICK


@pytest.mark.parametrize("kind", ["lost", "late", "damaged", "wrong"])
def test_bad_answers_are_counted_by_kind_and_it_goes_on(driver, servos, kind):
    servos.faults[kind, 2] = 3
    driver.says("late" if kind == "late" else kind, b"\x01")
    driver.lead(driver.position() + 0.1)
    assert servos.torques() == [1] * 6


def test_an_unplugged_cable_is_reported_and_the_arm_comes_back_without_a_jump(driver, servos, probe):
    target = driver.position() + 0.2
    driver.lead(target)
    servos.unplug()

    driver.says("serial ports here", b"\x02")
    assert servos.torques() == [1] * 6, "they hold without a cable"
    servos.plug_in()
    driver.says("holds: no command yet", b"\x00")
    assert np.abs(driver.position() - target).max() < 3 * RAD_PER_TICK
    driver.lead(target - 0.1)


def test_hot_and_overloaded_servos_are_named(driver, servos):
    servos.servos[4].put(TEMPERATURE, 64, 1)
    driver.says("wrist_flex is hot: 64 degrees C, expected less than 60", b"\x01")
    servos.servos[2].put(STATUS, OVERLOAD, 1)
    driver.says("holds: shoulder_lift: overload", b"\x02")
    start = driver.position()
    driver.command(start + 0.3)
    driver.probe.spin(0.2)
    assert np.abs(driver.position() - start).max() < 3 * RAD_PER_TICK
    servos.servos[2].put(STATUS, 0, 1)
    driver.lead(start + 0.1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_it_the_servos_hold(driver, servos, number):
    os.kill(driver.process.pid, number)
    assert driver.end() in (0, -number)
    assert servos.torques() == [1] * 6
    assert not [data for _, address, data in servos.writes if address == TORQUE and data == b"\x00"]


def test_torque_goes_only_where_it_is_asked_to(driver, servos, probe):
    assert probe.call(SetBool, "so101/torque", data=False).success
    assert servos.torques() == [0] * 6
    driver.says("the torque is off", b"\x01")
    start = driver.position()
    driver.command(start + 0.3)
    probe.spin(0.2)
    assert probe.call(SetBool, "so101/torque", data=True).success
    assert servos.torques() == [1] * 6
    probe.spin(0.2)
    assert np.abs(driver.position() - start).max() < 3 * RAD_PER_TICK, (
        "what was commanded meanwhile is forgotten"
    )


def test_it_releases_at_its_end_where_that_is_asked_for(run, servos):
    driver = run(release_on_exit=True)
    driver.until_connected()
    os.kill(driver.process.pid, signal.SIGTERM)
    assert driver.end() == 0 and servos.torques() == [0] * 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"calibration": ""}, "calibration: got nothing, expected the file that lerobot-calibrate wrote"),
        ({"calibration": "nowhere.json"}, "nowhere.json: No such file or directory"),
        ({"robot": "panda"}, "expected also ['panda_joint1'"),
        ({"sped": 1.0}, "unknown parameters ['sped']"),
    ],
)
def test_mistakes_end_it_with_a_line(run, changes, said):
    driver = run(**changes)
    assert driver.end() == 2
    assert said in driver.process.log_tail() and "Traceback" not in driver.process.log_tail()


def test_an_arm_that_comes_later_is_waited_for(run, servos):
    servos.unplug()
    driver = run()
    driver.says("serial ports here", b"\x02")
    servos.plug_in()
    driver.until_connected()
