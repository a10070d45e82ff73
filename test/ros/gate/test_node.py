# SPDX-License-Identifier: Apache-2.0
"""The gate as a process, in front of a robot that the test plays."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from gate_probe import Gate
from heard_verdicts import codes_of, listen_to_gate
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from ami_ros.ros.wire.messages import image_to_ros, stamp_to_ns
from ami_ros.types import Level


def test_it_holds_follows_and_holds_again_when_the_planner_falls_silent(gate, probe):
    assert gate.state().level is Level.HOLD and not gate.moving()
    gate.propose_on()
    probe.until(gate.moving, "motion")
    stamps = [stamp_to_ns(m.header.stamp) for m in gate.commands[-20:]]
    assert sorted(set(stamps)) == stamps
    message = gate.commands[-1]
    assert tuple(message.joint_names) == gate.robot.spec.joint_names
    assert len(message.points) == 1 and message.points[0].time_from_start.nanosec == 10_000_000
    gate.silence_until_stale()
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    count = len(gate.commands)
    probe.until(lambda: len(gate.commands) > count + 10, "commands that go on")


def test_every_proposal_gets_a_verdict_with_its_stamp(gate, probe):
    def judged(stamp_ns: int):
        return next((j for j in gate.judgements if j.proposal_stamp_ns == stamp_ns), None)

    good = gate.propose()
    assert probe.until(lambda: judged(good), "a verdict").verdict.level is Level.PASS
    for code, change in {
        "PROPOSAL_JOINT_NAMES": lambda m: m.joint_names.reverse(),
        "PROPOSAL_NOT_FINITE": lambda m: m.points[1].positions.__setitem__(2, math.nan),
        "PROPOSAL_SHAPE": lambda m: m.points.clear(),
        "PROPOSAL_MALFORMED": lambda m: m.points[1].positions.pop(),
        "PROPOSAL_START": lambda m: m.points[0].positions.__setitem__(2, 2.0),
    }.items():
        gate.change = change
        stamp_ns = gate.propose()
        verdict = probe.until(lambda stamp_ns=stamp_ns: judged(stamp_ns), code).verdict
        assert verdict.level is Level.HOLD and [r.code for r in verdict.reasons] == [code]
    gate.change = lambda m: None
    good = gate.propose()
    assert probe.until(lambda: judged(good), "a verdict after the bad ones").verdict.level is Level.PASS


def test_the_estop_latches_until_it_is_released_and_rearmed(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    assert not probe.call(Trigger, "safety/rearm").success, "still pressed"
    probe.call(SetBool, "safety/estop", data=False)
    probe.spin(0.5)
    assert gate.velocity() == 0.0, "releasing alone never resumes"
    probe.rearm()
    probe.until(gate.moving, "motion after re-arming")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda m: m.position.__setitem__(3, math.nan), "non-finite at index [3]"),
        (lambda m: m.name.__setitem__(0, "elbow"), "unknown ['elbow']"),
        (lambda m: (m.name.pop(), m.position.pop(), m.velocity.pop()), "missing ['panda_joint7']"),
    ],
)
def test_bad_joint_states_age_out_with_the_reason_logged(gate, probe, robot, spoil, says):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    robot.joints_change = spoil
    probe.until(lambda: "JOINTS_STALE" in gate.codes(), "a hold")
    robot.joints_change = lambda message: None
    probe.until(gate.moving, "motion with good joints")
    assert says in gate.process.log_tail()
    gate.process.check()


def test_reordered_joints_with_fingers_move_the_robot(gate, probe, robot):
    def shuffle(message) -> None:
        for values in (message.name, message.position, message.velocity):
            values.reverse()
        message.name = [*message.name, "panda_finger_joint1"]
        message.position, message.velocity = [*message.position, 0.0], [*message.velocity, 0.0]

    robot.joints_change = shuffle
    probe.spin(0.5)
    gate.propose_on()
    probe.until(gate.moving, "motion")


def test_a_camera_that_falls_silent_holds_the_robot(gate, probe, robot):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    robot.image_change = lambda message: setattr(message.header, "stamp", type(message.header.stamp)())
    probe.until(lambda: "CAMERA_STALE" in gate.codes(), "a hold for an image without stamp")
    robot.image_change = lambda message: None
    probe.until(gate.moving, "motion with good images")


def test_on_sigterm_it_decelerates_before_it_goes(gate, probe):
    gate.speed = 1.0
    gate.propose_on()
    probe.until(lambda: gate.velocity() > 0.8, "fast motion")
    gate.process.terminate()
    assert gate.process.exit_code == 0
    probe.until(lambda: gate.velocity() == 0.0, "the last command, at standstill")
    velocities = [m.points[0].velocities[3] for m in gate.commands]
    limit = gate.robot.spec.limits.acceleration[3] * 0.01
    assert np.abs(np.diff(velocities)).max() <= limit * 1.000001


@pytest.mark.parametrize("interface", ["forward_position", "forward_velocity"])
def test_forward_controllers_get_plain_numbers(start, probe, robot, interface):
    arrays = probe.listen(Float64MultiArray, f"{interface}_controller/commands")
    start("safety", command_interface=interface)
    data = list(probe.until(lambda: arrays, "commands")[-1].data)
    expected = robot.position.tolist() if interface == "forward_position" else [0.0] * 7
    assert data == pytest.approx(expected)


def test_diagnostics_once_a_second(gate, probe):
    health = probe.listen(DiagnosticArray, "/diagnostics")
    status = probe.until(lambda: health, "diagnostics")[-1].status[0]
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == "safety: gate" and values["level"] == "HOLD" and int(values["ticks"]) > 0


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"robot": "nobody"}, "no such file; available there: ['husky.yaml', 'kuka_iiwa.yaml'"),
        ({"rate_hz": -1.0}, "rate_hz"),
        ({"rate_hz": "fast"}, "rate_hz: got 'fast' (str), expected float"),
        ({"rate": 100.0}, "unknown parameters ['rate']"),
        ({"command_interface": "telepathy"}, "expected one of ['', 'trajectory', 'forward_position'"),
    ],
)
def test_mistakes_in_the_configuration_end_the_process_with_a_message(start, parameters, says):
    process = start("safety", **parameters)
    assert process.wait(30.0) == 2
    log = process.log_tail()
    assert says in log and "Traceback" not in log


def test_image_messages_without_pixels_are_only_a_heartbeat(start, probe):
    # The heartbeat reads the header alone; that the image is no good is for the planner to say.
    images = probe.node.create_publisher(Image, "camera/image_raw", 5)
    process = start("safety")
    judgements = listen_to_gate(probe)

    def missing() -> set[str]:
        message = Image()
        message.header.stamp = probe.node.get_clock().now().to_msg()
        images.publish(message)
        return codes_of(judgements[-1].verdict) if judgements else set()

    probe.until(lambda: missing() == {"JOINTS_MISSING", "PROPOSAL_MISSING"}, "the camera to count as seen")
    process.check()


def test_a_camera_that_is_compressed_only_is_heard_and_found_frozen(start, probe, robot):
    robot.sends_raw = False
    gate = Gate(probe, robot)
    gate.process = start("safety")
    gate.follow()
    compressed = probe.node.create_publisher(CompressedImage, "camera/image_raw/compressed", 5)
    picture = {"number": 0, "changes": True}

    def send() -> None:
        picture["number"] += picture["changes"]
        message = CompressedImage(format="jpeg", data=picture["number"].to_bytes(4, "little") * 30)
        message.header.stamp = probe.node.get_clock().now().to_msg()
        compressed.publish(message)

    raw = probe.node.create_publisher(Image, "camera/image_raw", 5)
    probe.until(raw.get_subscription_count, "the gate")
    raw.publish(
        image_to_ros(np.zeros((8, 8, 3), np.uint8), time.time_ns(), "camera")
    )  # once: a driver that was started again with other settings
    probe.node.create_timer(0.1, send)
    gate.propose_on()
    probe.until(gate.moving, "motion by compressed images alone")
    picture["changes"] = False
    probe.until(lambda: "CAMERA_FROZEN" in gate.all_codes(), "a frozen compressed camera")


def test_joints_that_repeat_with_fresh_stamps_while_commands_move_are_frozen(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    there = [float(v) for v in gate.robot.position]
    gate.robot.joints_change = lambda message: setattr(message, "position", there)
    probe.until(lambda: "JOINTS_FROZEN" in gate.codes(), "frozen joints")
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
