# SPDX-License-Identifier: Apache-2.0
"""What strangers send on the gate's topics, over real DDS: large messages, second robots, second gates."""

from __future__ import annotations

import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.attacks.large_messages import oversized_joints, oversized_proposal, oversized_report
from ami_ros.ros.wire.messages import joints_to_ros, stamp_to_ns
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import Level

MB = 2**20
# Of a busy machine; `ami-ros bench faults` measures milliseconds. Without bounds it was seconds for names.
LATE_S = 1.5
KINDS = {
    "joint_states": (JointState, "joint_states", lambda: oversized_joints(20_000)),
    "proposals": (JointTrajectory, "planner/proposed", lambda: oversized_proposal(100_000)),
    "reports": (DiagnosticArray, "planner/goal_status", lambda: oversized_report(30_000)),
    "64 MB": (JointState, "joint_states", lambda: serialize_message(JointState()) + bytes(64 * MB)),
}


def longest_gap_s(commands) -> float:
    return float(np.diff([stamp_to_ns(message.header.stamp) for message in commands]).max()) / 1e9


@pytest.mark.quick("proposals")
@pytest.mark.parametrize("kind", KINDS)
def test_one_large_message_is_dropped_named_counted_and_neither_ticks_nor_the_estop_wait_for_it(
    gate, probe, kind
):
    message_type, topic, make = KINDS[kind]
    data = make()
    gate.propose_on()
    probe.until(gate.moving, "motion")
    publisher = probe.node.create_publisher(message_type, topic, STATE)
    button = probe.node.create_publisher(Bool, "estop", STATE)
    probe.until(lambda: publisher.get_subscription_count() and button.get_subscription_count(), "listeners")
    usual_s, count = longest_gap_s(gate.commands), len(gate.commands)
    publisher.publish(data)
    probe.until(lambda: "MESSAGE_OVERSIZED" in gate.all_codes(), "its name")
    publisher.publish(data)
    button.publish(Bool(data=True))
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    # A gate that stalls may stop before it commands again: what counts is also how long that took.
    probe.until(lambda: len(gate.commands) > count, "a command after it")
    gap_s = longest_gap_s(gate.commands[count - 1 :])
    assert gap_s < LATE_S + usual_s, f"{gap_s} s without a command"
    reasons = [r for j in gate.judgements for r in j.verdict.reasons if r.code == "MESSAGE_OVERSIZED"]
    assert reasons[-1].numbers["topic"] == topic and int(reasons[-1].numbers["bytes"]) >= len(data) - 64


def test_joint_states_of_two_robots_hold_and_neither_rearm_nor_start_from_them(gate, probe, robot, start):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    publisher = probe.node.create_publisher(JointState, "joint_states", STATE)
    names, still = robot.spec.joint_names, np.zeros(len(robot.spec.joint_names))

    def send() -> None:
        publisher.publish(joints_to_ros(names, robot.spec.home + 0.45, still, time.time_ns()))

    timer = probe.node.create_timer(0.01, send)
    probe.until(lambda: "JOINTS_CONTRADICT" in gate.codes(), "a hold")
    probe.until(lambda: "SENSOR_SHARED" in gate.codes(), "the second publisher's name")
    assert gate.state().level >= Level.HOLD

    def refusal() -> str:
        answer = probe.call(Trigger, "safety/rearm")
        assert not answer.success
        return answer.message

    # At first it may be that the robot still moves.
    probe.until(lambda: "JOINTS_CONTRADICT" in refusal(), "a re-arm refused for it")
    # A gate that starts meanwhile begins nowhere.
    gate.process.terminate()
    probe.spin(0.5)  # what it commanded until then
    gate.commands.clear()
    start("safety")
    probe.spin(3.0)
    assert gate.commands == []
    probe.node.destroy_timer(timer)
    probe.node.destroy_publisher(publisher)
    probe.until(gate.moving, "motion after the stranger has gone")


def test_commands_are_continuous_across_a_rearm_with_the_robot_moved_by_hand(gate, probe, robot):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    probe.call(SetBool, "safety/estop", data=True)
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    gate.followed = False
    left = robot.position.copy()
    for share in np.linspace(0.0, 1.0, 60):
        robot.position = left + 0.2 * share
        probe.spin(0.01)
    probe.spin(0.3)
    probe.call(SetBool, "safety/estop", data=False)
    gate.silence()
    probe.rearm()
    probe.until(lambda: abs(gate.commands[-1].points[0].positions[0] - left[0] - 0.2) < 1e-6, "commands")
    stamps = np.array([stamp_to_ns(m.header.stamp) for m in gate.commands]) / 1e9
    positions = np.array([m.points[0].positions for m in gate.commands])
    speed = np.abs(np.diff(positions, axis=0)) / np.diff(stamps)[:, None]
    assert (speed <= robot.spec.limits.velocity * 1.001 + 1e-6).all(), speed.max(axis=0)


def test_two_gates_hold_each_other_and_an_estop_reaches_both(gate, probe, start):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    second = start("safety", {"__node": "second"})
    probe.until(lambda: "COMMAND_SHARED" in gate.codes(), "a hold")
    assert gate.state().level >= Level.HOLD
    stopped = probe.listen(DiagnosticArray, "second/verdict", STATE)
    # Its commands are seen before it hears: it is still starting.
    probe.until(lambda: probe.node.count_subscribers("estop_relay") >= 2, "a second gate that hears")
    probe.call(SetBool, "safety/estop", data=True)
    probe.until(lambda: any("ESTOP" in m.status[0].message for m in stopped), "the other's stop")
    second.terminate()
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    probe.until(gate.moving, "motion of the one that is left")


@pytest.mark.quick("5")
@pytest.mark.parametrize("size", [1, 5, 9, 1000])
def test_garbage_on_the_estop_topic_counts_as_a_press(gate, probe, size):
    button = probe.node.create_publisher(Bool, "estop", STATE)
    probe.until(button.get_subscription_count, "the gate")
    button.publish(b"\x00\x01\x00\x00"[:size] + b"\x01" * max(0, size - 4))
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    assert not probe.call(Trigger, "safety/rearm").success
    button.publish(Bool(data=False))
    probe.rearm()
