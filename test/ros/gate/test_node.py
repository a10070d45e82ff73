# SPDX-License-Identifier: Apache-2.0
"""The gate as a process, in front of a robot that the test plays, by a clock that the test holds."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage
from simulated_time import TICK_NS
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from ami_ros.ros.wire.messages import stamp_from_ns, stamp_to_ns
from ami_ros.ros.wire.qos import LATCHED_HISTORY
from ami_ros.ros.wire.verdicts import judgement_from_ros, values_of
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import load_safety_settings
from ami_ros.types import Level

AGES_S = {"CAMERA_STALE": 0.5, "JOINTS_STALE": 0.25}  # max_age_s in config/robots/panda.yaml


def late_ns(gate, code: str, newest_ns: int, limit_s: float) -> int:
    """Return how long after the end of `limit_s` the gate gave the reason, if what it knew was of `newest_ns`."""
    gate.probe.until(lambda: gate.said_ns(code, newest_ns), code, 2.0 * limit_s)
    return gate.said_ns(code, newest_ns) - newest_ns - round(limit_s * 1e9)


def test_it_holds_follows_and_holds_again_when_the_planner_falls_silent(gate, probe):
    assert gate.state().level is Level.HOLD and not gate.moving()
    gate.propose_until_moving()
    probe.spin(1.0)
    stamps = [stamp_to_ns(m.header.stamp) for m in gate.commands]
    assert set(np.diff(stamps)) == {TICK_NS}, "a command at each tick"
    assert gate.state().level < Level.HOLD and gate.moving()
    message = gate.commands[-1]
    assert tuple(message.joint_names) == gate.robot.spec.joint_names
    assert len(message.points) == 1 and message.points[0].time_from_start.nanosec == TICK_NS

    gate.silence()
    newest = gate.propose()
    assert 0 < late_ns(gate, "PROPOSAL_STALE", newest, load_safety_settings().proposal_age_s) <= TICK_NS
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
    count = len(gate.commands)
    probe.spin(0.1)
    assert len(gate.commands) == count + 10, "commands go on"


def test_the_verdict_carries_numbers_of_reasons_and_the_allowed_command(gate, probe):
    gate.propose_until_moving()
    messages = probe.listen(DiagnosticArray, "safety/verdict", LATCHED_HISTORY)
    gate.silence()
    named = lambda: [m for m in messages if "PROPOSAL_STALE" in m.status[0].message]  # noqa: E731
    message = probe.until(named, "a hold")[-1]
    values = values_of(message)
    assert str(ReasonCode.PROPOSAL_STALE.number) in values["codes"].split()
    assert values["level_number"] == str(int(Level.HOLD))
    stale = next(r for r in json.loads(values["reasons"]) if r["code"] == "PROPOSAL_STALE")
    limit_s = load_safety_settings().proposal_age_s
    assert stale["number"] == ReasonCode.PROPOSAL_STALE.number and stale["numbers"]["stamp_age_s"] > limit_s
    allowed = judgement_from_ros(message).command
    assert allowed.position.shape == allowed.velocity.shape == (7,)


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
    gate.propose_until_moving()
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
    assert not probe.call(Trigger, "safety/rearm").success, "still pressed"
    probe.call(SetBool, "safety/estop", data=False)
    count = len(gate.commands)
    probe.spin(3.0)
    assert gate.state().level is Level.STOP
    assert not any(any(m.points[0].velocities) for m in gate.commands[count:]), (
        "releasing alone never resumes"
    )
    probe.rearm()
    probe.until(gate.moving, "motion after re-arming")


def test_joints_count_by_name_and_bad_ones_age_out(gate, probe, robot):
    def shuffle(message) -> None:
        for values in (message.name, message.position, message.velocity):
            values.reverse()
        message.name = [*message.name, "panda_finger_joint1"]
        message.position, message.velocity = [*message.position, 0.0], [*message.velocity, 0.0]

    gate.propose_until_moving()
    for spoil in (
        lambda m: m.position.__setitem__(3, math.nan),
        lambda m: m.name.__setitem__(0, "elbow"),
        lambda m: (m.name.pop(), m.position.pop(), m.velocity.pop()),
    ):
        robot.joints_change, newest = spoil, probe.now_ns() - TICK_NS
        assert 0 < late_ns(gate, "JOINTS_STALE", newest, AGES_S["JOINTS_STALE"]) <= TICK_NS
        probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
        robot.joints_change = shuffle
        probe.until(gate.moving, "motion with good joints, in another order")
    probe.spin(1.0)
    assert gate.state().level < Level.HOLD
    assert "non-finite at index [3]" in gate.process.log_path.read_text(), "the reason, logged"
    gate.process.check()


def test_joints_that_repeat_with_fresh_stamps_while_commands_move_are_frozen(gate, probe):
    gate.propose_until_moving()
    there = [float(v) for v in gate.robot.position]
    gate.robot.joints_change = lambda message: setattr(message, "position", there)
    probe.until(lambda: "JOINTS_FROZEN" in gate.codes(), "frozen joints")
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)


def test_a_camera_without_stamp_or_without_images_holds_the_robot(gate, probe, robot):
    gate.propose_until_moving()
    robot.image_change = lambda message: setattr(message.header, "stamp", type(message.header.stamp)())
    probe.until(lambda: "CAMERA_STALE" in gate.codes(), "a hold for an image without stamp", 0.2)
    robot.image_change = lambda message: None
    probe.until(gate.moving, "motion with good images")
    newest: list[int] = []
    robot.image_change = lambda message: newest.append(stamp_to_ns(message.header.stamp))
    probe.until(lambda: newest, "an image")
    robot.sends_raw = False
    assert 0 < late_ns(gate, "CAMERA_STALE", newest[0], AGES_S["CAMERA_STALE"]) <= TICK_NS
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)


def test_a_camera_that_repeats_its_picture_while_the_robot_moves_is_frozen_also_compressed(
    gate, probe, robot
):
    gate.speed = 0.5
    gate.propose_until_moving()
    robot.image_change = lambda message: message.data.__setitem__(slice(0, 3), message.data[3:6])
    probe.until(lambda: "CAMERA_FROZEN" in gate.codes(), "the frozen camera's name")
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)

    compressed = probe.publisher(CompressedImage, "camera/image_raw/compressed", 5)
    picture = {"number": 0, "changes": True}

    def send() -> None:
        picture["number"] += picture["changes"]
        message = CompressedImage(format="jpeg", data=picture["number"].to_bytes(4, "little") * 30)
        message.header.stamp = stamp_from_ns(probe.now_ns())
        compressed.publish(message)

    robot.sends_raw = False  # as a driver that was started again with other settings
    probe.every(0.1, send)
    probe.until(gate.moving, "motion by compressed images alone")
    probe.spin(2.0)
    assert gate.state().level < Level.HOLD
    picture["changes"] = False
    probe.until(lambda: "CAMERA_FROZEN" in gate.codes(), "a frozen compressed camera")
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)


@pytest.mark.parametrize("interface", ["forward_position", "forward_velocity"])
def test_forward_controllers_get_plain_numbers(start_gate, probe, robot, interface):
    arrays = probe.listen(Float64MultiArray, f"{interface}_controller/commands")
    start_gate(robot, command_interface=interface).begin()
    data = list(probe.wait(lambda: arrays, "commands", ticking=True)[-1].data)
    expected = robot.position.tolist() if interface == "forward_position" else [0.0] * 7
    assert data == pytest.approx(expected)


def test_a_mistake_in_the_configuration_ends_the_process_with_a_message(start):
    process = start("safety", robot="nobody")
    assert process.wait(60.0) == 2
    log = process.log_tail()
    assert "no such file" in log and "husky.yaml" in log and "Traceback" not in log


def test_time_waits_when_the_clock_is_paused_is_followed_when_it_jumps_and_starts_again(gate, probe):
    gate.propose_until_moving()
    count, now_ns = len(gate.commands), probe.now_ns()
    probe.idle(0.5)
    assert len(gate.commands) == count, "no tick while time stands still"
    probe.time.set(now_ns + 100 * TICK_NS)
    probe.wait(lambda: "CLOCK_JUMPED" in gate.codes(), "the jump's name")
    probe.until(lambda: gate.said_ns("CLOCK_RESTARTED", now_ns), "that it starts over, at rest", 3.0)
    assert gate.velocity() == 0.0
    probe.until(gate.moving, "motion again")
    gate.silence()
    gate.restart(TICK_NS)
    probe.until(gate.is_ready, "a gate that waits for a proposal", 0.1)
    gate.process.check()
