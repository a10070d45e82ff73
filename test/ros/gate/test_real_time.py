# SPDX-License-Identifier: Apache-2.0
"""What only real time can show of the gate: its rate, a stall, floods. Everything else is in the files next to this one.

Bounds are those promised to users: the time after which a gate counts as stalled, that a stop latches, that no press is
lost. How fast a machine answers is no promise.
"""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from garbage import send_garbage
from rcl_interfaces.srv import GetParameters
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from set_lists import set_lists
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.attacks.large_messages import oversized_joints, oversized_proposal, oversized_report
from ami_ros.ros.wire.messages import joints_to_ros, stamp_to_ns
from ami_ros.ros.wire.node_main import GIVEN_UP_S
from ami_ros.ros.wire.qos import LATCHED, RECORDED_STREAM, STATE
from ami_ros.ros.wire.verdicts import values_of
from ami_ros.types import Level

pytestmark = pytest.mark.alone

FLOOD_HZ = 4000.0  # of each stranger
STALL_S = 0.5  # five times what a controller waits for a command: stall_s in config/safety_node.yaml
STARVED_S = 0.3
LOST_S = 2.0  # a press later than this was lost: a writer sends again after 3 s, by default


MB = 2**20
LARGE = (
    (JointState, "joint_states", lambda: oversized_joints(20_000)),
    (JointTrajectory, "planner/proposed", lambda: oversized_proposal(100_000)),
    (DiagnosticArray, "planner/goal_status", lambda: oversized_report(30_000)),
    (JointState, "joint_states", lambda: serialize_message(JointState()) + bytes(64 * MB)),
)


def longest_tick_s(gate) -> float:
    """Return the longest time between two ticks that the gate has told of."""
    numbers = [reason.numbers for j in gate.judgements for reason in j.verdict.reasons]
    told_s = [float(n["interval_s"]) for n in numbers if "interval_s" in n]
    return max(told_s + [float(n["interval_ms"]) / 1e3 for n in numbers if "interval_ms" in n], default=0.0)


def stopped(gate) -> bool:
    return gate.state().level is Level.STOP


def stop(process) -> None:
    """Suspend a process, as a paused container is."""
    os.kill(process.pid, signal.SIGSTOP)


def go_on(process) -> None:
    os.kill(process.pid, signal.SIGCONT)


def test_it_ticks_at_its_rate_follows_reports_and_comes_to_rest_when_it_is_ended(live_gate, probe):
    gate = live_gate
    health = probe.listen(DiagnosticArray, "/diagnostics")
    gate.speed = 1.0
    gate.propose_on()
    probe.until(lambda: gate.velocity() > 0.8, "fast motion")
    report = probe.until(lambda: health, "diagnostics, once a second")[-1]
    values = values_of(report)
    assert report.status[0].name == "safety: gate" and int(values["ticks"]) > 0
    assert values["level"] in {level.name for level in Level}
    stamps = np.diff([stamp_to_ns(message.header.stamp) for message in gate.commands])
    assert stamps.min() >= 10_000_000, "never two commands within a tick"
    assert np.median(stamps) == pytest.approx(10_000_000, rel=0.2), "100 Hz"

    probe.until(lambda: gate.velocity() > 0.8, "fast motion")
    count = len(gate.commands)
    gate.process.terminate()
    assert gate.process.exit_code == 0
    probe.until(lambda: gate.velocity() == 0.0, "the last command, at standstill")
    velocities = [message.points[0].velocities[3] for message in gate.commands[count - 1 :]]
    # Ticks that a busy machine swallows are not made up for, and change no velocity.
    limit = gate.robot.spec.limits.acceleration[3] * 0.01
    assert np.abs(np.diff(velocities)).max() <= limit * 1.000001


def test_a_stall_is_named_and_after_a_long_one_it_starts_over_and_knows_what_operators_said(live_gate, probe):
    gate = live_gate
    pressed = probe.listen(Bool, "safety/estop_pressed", LATCHED)
    gate.propose_until_moving()
    stop(gate.process)
    probe.spin(STALL_S)
    go_on(gate.process)
    probe.until(lambda: {"GATE_STALLED", "GATE_LATE"} <= gate.all_codes(), "the stall's names")
    probe.until(gate.moving, "motion again, from where the robot is")

    half = (0.5 * gate.robot.spec.limits.velocity).tolist()
    own = gate.robot.spec.limits.jerk
    # Over the wire an empty list is an array for which rclpy finds no type.
    assert set_lists(probe, limit_jerk=(0.5 * own).tolist(), limit_acceleration=[]).successful
    assert set_lists(probe, limit_jerk=[]).successful
    assert set_lists(probe, limit_velocity=half).successful
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: stopped(gate), "the stop")
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    stop(gate.process)
    time.sleep(GIVEN_UP_S + 2.0)
    pressed.clear()
    continued_ns = time.time_ns()
    go_on(gate.process)
    probe.until(lambda: "it starts over" in gate.process.log_path.read_text(), "that it starts over")
    probe.until(lambda: pressed and pressed[-1].data, "the new node, pressed")
    assert not probe.call(Trigger, "safety/rearm").success
    names = ["limit_jerk", "limit_velocity"]
    jerk, velocity = probe.call(GetParameters, "safety/get_parameters", names=names).values
    assert list(jerk.double_array_value) == [] and list(velocity.double_array_value) == half
    probe.call(SetBool, "safety/estop", data=False)
    since = [m for m in gate.commands if stamp_to_ns(m.header.stamp) > continued_ns]
    assert not any(any(message.points[0].velocities) for message in since)
    probe.rearm()
    probe.until(gate.moving, "motion")
    gate.process.check()


def test_floods_of_proposals_and_of_garbage_are_named_and_neither_ticks_nor_the_robot_stand_still(
    live_gate, probe
):
    gate = live_gate
    gate.propose_until_moving()
    flood = gate.flood()
    probe.until(lambda: "PROPOSAL_FLOOD" in gate.codes(), "the flood's name")
    before = len(gate.commands)
    probe.until(lambda: len(gate.commands) > before + 50, "ticks that go on")
    probe.until(lambda: gate.state().level < Level.HOLD and gate.moving(), "motion that goes on")

    flood.cancel()  # while there are more proposals than can be judged, only the newest is
    probe.until(lambda: "PROPOSAL_FLOOD" not in gate.codes(), "the flood's end")
    send_garbage(probe)
    log = gate.process.log_path
    for named in ("serialised JointState", "expected a whole image", "serialised DiagnosticArray"):
        probe.until(lambda named=named: named in log.read_text(), named)
    probe.until(lambda: "PROPOSAL_MALFORMED" in gate.all_codes(), "a verdict on what is no proposal")
    before = len(gate.commands)
    probe.until(lambda: len(gate.commands) > before + 50, "ticks that go on")
    gate.process.check()


def test_large_messages_are_dropped_named_and_counted_and_neither_ticks_nor_the_estop_wait(live_gate, probe):
    gate = live_gate
    gate.propose_until_moving()
    button = probe.publisher(Bool, "estop", STATE)
    for message_type, topic, make in LARGE:
        data = make()
        publisher = probe.publisher(message_type, topic, STATE)
        gate.judgements[:] = gate.judgements[-1:]
        publisher.publish(data)
        probe.until(lambda: "MESSAGE_OVERSIZED" in gate.all_codes(), f"the name of {len(data)} bytes")
        publisher.publish(data)
        button.publish(Bool(data=True))
        probe.until(lambda: stopped(gate), "the stop", LOST_S)
        pressed_ns = time.time_ns()
        probe.until(
            lambda ns=pressed_ns: stamp_to_ns(gate.commands[-1].header.stamp) > ns, "a command after it"
        )
        assert longest_tick_s(gate) < LOST_S
        reasons = [r for j in gate.judgements for r in j.verdict.reasons if r.code == "MESSAGE_OVERSIZED"]
        assert reasons[-1].numbers["topic"] == topic and int(reasons[-1].numbers["bytes"]) >= len(data) - 64
        probe.node.destroy_publisher(publisher)
        probe.until(lambda: gate.velocity() == 0.0, "standstill")
        button.publish(Bool(data=False))
        probe.rearm()
        probe.until(
            lambda: "MESSAGE_OVERSIZED" not in gate.codes() and gate.moving(), "motion, and no more of it"
        )


def test_a_gate_that_starts_between_the_joint_states_of_two_robots_begins_nowhere(start_gate, probe, robot):
    publisher = probe.node.create_publisher(JointState, "joint_states", STATE)
    names, still = robot.spec.joint_names, np.zeros(len(robot.spec.joint_names))

    def send() -> None:
        publisher.publish(joints_to_ros(names, robot.spec.home + 0.45, still, probe.now_ns()))

    task = probe.every(0.01, send)
    gate = start_gate(robot, live=True)
    gate.propose_on()
    probe.until(lambda: "JOINTS_CONTRADICT" in gate.codes(), "joint states that contradict each other")
    probe.spin(2.0)
    assert gate.commands == []
    task.cancel()
    probe.node.destroy_publisher(publisher)
    probe.until(gate.moving, "motion after the stranger has gone")


def test_no_press_is_lost_under_a_flood_of_others_not_even_while_the_gate_cannot_run(start, live_gate, probe):
    gate = live_gate
    strangers = ("stranger_0", "stranger_1")
    for name in strangers:
        start("ami_ros.ros.attacks.stranger", {"__node": name}, rate_hz=FLOOD_HZ)
    probe.until(lambda: probe.node.count_publishers("estop") == 2, "two strangers")
    gate.propose_until_moving()

    def is_obeyed(button) -> None:
        probe.until(lambda: stopped(gate), "the stop", LOST_S)
        probe.until(lambda: gate.velocity() == 0.0, "standstill")
        button.publish(Bool(data=False))
        probe.rearm()
        probe.until(lambda: not stopped(gate) and gate.moving(), "motion after re-arming")

    for qos in (STATE, RECORDED_STREAM, LATCHED):
        button = probe.node.create_publisher(Bool, "estop", qos)
        probe.until(button.get_subscription_count, "the gate")
        probe.spin(0.5)  # the gate looks every 0.2 s who is there
        for number in range(4):
            probe.spin(0.037 * number)  # at any time between two ticks of the gate
            button.publish(Bool(data=True))
            if number % 2:  # a press counts, however soon it is released
                button.publish(Bool(data=False))
            is_obeyed(button)
        if qos is not STATE:
            probe.node.destroy_publisher(button)

    def flood(rate_hz: float) -> None:
        for name in strangers:
            probe.set_parameter(name, "rate_hz", rate_hz)

    button = probe.node.create_publisher(Bool, "estop", STATE)
    probe.until(button.get_subscription_count, "the gate")
    probe.spin(0.5)
    for _ in range(2):
        flood(0.0)  # stopped in the middle of a message, it would hold a lock that all others need
        stop(gate.process)
        flood(FLOOD_HZ)
        time.sleep(STARVED_S)
        button.publish(Bool(data=True))
        time.sleep(0.02)
        go_on(gate.process)
        is_obeyed(button)
