# SPDX-License-Identifier: Apache-2.0
"""What breaks around the gate, and what operators do to it, over real DDS."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import listen_to_gate
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParametersAtomically
from rclpy.subscription import RCLError
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_to_ros
from ami_ros.ros.wire.messages import joints_to_ros, stamp_from_ns
from ami_ros.ros.wire.node_main import GIVEN_UP_S
from ami_ros.ros.wire.qos import LATCHED, LATCHED_HISTORY, RECORDED_STREAM, STATE
from ami_ros.ros.wire.verdicts import judgement_from_ros, values_of
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import Level

TICK_NS = 10_000_000


def set_parameters(probe, **values):
    """Set numbers and lists of numbers, all or none."""
    parameters = []
    for name, value in values.items():
        if isinstance(value, list):
            typed = ParameterValue(type=ParameterType.PARAMETER_DOUBLE_ARRAY, double_array_value=value)
        else:
            typed = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        parameters.append(Parameter(name=name, value=typed))
    name = "safety/set_parameters_atomically"
    return probe.call(SetParametersAtomically, name, parameters=parameters).result


def test_a_flood_of_proposals_is_named_and_neither_stops_the_ticks_nor_the_robot(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    gate.flood()
    probe.until(lambda: "PROPOSAL_FLOOD" in gate.codes(), "the flood's name")
    before = len(gate.commands)
    probe.until(lambda: len(gate.commands) > before + 50, "ticks that go on")
    probe.until(lambda: gate.state().level < Level.HOLD and gate.moving(), "motion that goes on")


def test_the_verdict_carries_numbers_of_reasons_and_the_allowed_command(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    messages = probe.listen(DiagnosticArray, "safety/verdict", LATCHED_HISTORY)
    gate.silence_until_stale()
    named = lambda: [m for m in messages if "PROPOSAL_STALE" in m.status[0].message]  # noqa: E731
    message = probe.until(named, "a hold")[-1]
    values = values_of(message)
    assert str(ReasonCode.PROPOSAL_STALE.number) in values["codes"].split()
    assert values["level_number"] == str(int(Level.HOLD))
    stale = next(r for r in json.loads(values["reasons"]) if r["code"] == "PROPOSAL_STALE")
    assert stale["number"] == ReasonCode.PROPOSAL_STALE.number and stale["numbers"]["stamp_age_s"] > 0.5
    allowed = judgement_from_ros(message).command
    assert allowed.position.shape == allowed.velocity.shape == (7,)


def test_a_camera_that_repeats_its_picture_while_the_robot_moves_is_frozen(gate, probe, robot):
    gate.speed = 0.5
    gate.propose_on()
    probe.until(gate.moving, "motion")
    robot.image_change = lambda message: message.data.__setitem__(slice(0, 3), message.data[3:6])
    probe.until(lambda: "CAMERA_FROZEN" in gate.codes(), "the frozen camera's name")
    probe.until(lambda: gate.velocity() == 0.0, "standstill")


@pytest.mark.parametrize("surprise", [50.0, math.nan])
def test_a_surprised_planner_holds_the_robot(gate, probe, surprise):
    statuses = probe.node.create_publisher(DiagnosticArray, "planner/goal_status", 10)
    status = GoalStatus(GoalState.MOVING, "on its way", stamp_ns=1, surprise=surprise, disagreement=0.5)
    gate.propose_on()
    probe.until(gate.moving, "motion")
    probe.node.create_timer(0.05, lambda: statuses.publish(status_to_ros(status, "panda")))
    probe.until(lambda: "SURPRISE_HIGH" in gate.codes(), "a hold for surprise")


def test_reports_are_a_sign_of_life_and_their_end_is_noticed(gate, probe):
    statuses = probe.node.create_publisher(DiagnosticArray, "planner/goal_status", 10)
    status = GoalStatus(GoalState.NO_GOAL, "send a goal")
    timer = probe.node.create_timer(0.05, lambda: statuses.publish(status_to_ros(status, "panda")))
    probe.until(statuses.get_subscription_count, "a gate that hears reports")
    probe.spin(1.0)
    # For a moment a busy machine may add that joints were late.
    probe.until(
        lambda: gate.codes() - {"GATE_LATE"} == {"PROPOSAL_MISSING"}, "nothing but a missing proposal"
    )

    def noticed() -> bool:
        """Whether the end of reports is; a gate that stalled meanwhile has forgotten that there were any."""
        timer.reset()
        probe.spin(1.0)
        timer.cancel()
        probe.spin(2.0)
        return "PLANNER_SILENT" in gate.codes()

    probe.until(noticed, "a planner that is silent")


def test_the_estop_topic_latches_and_a_second_button_releases_no_other(gate, probe):
    pressed = probe.listen(Bool, "safety/estop_pressed", LATCHED)
    button = probe.node.create_publisher(Bool, "estop", LATCHED)
    gate.propose_on()
    probe.until(gate.moving, "motion")
    button.publish(Bool(data=True))
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    probe.until(lambda: pressed and pressed[-1].data, "the latched topic")
    answer = probe.call(SetBool, "safety/estop", data=False)
    assert "still pressed by topic" in answer.message
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    assert not probe.call(Trigger, "safety/rearm").success
    button.publish(Bool(data=False))
    probe.until(lambda: not pressed[-1].data, "the release")
    probe.rearm()
    probe.until(gate.moving, "motion after re-arming")


def test_limits_are_tightened_while_it_runs_and_never_loosened(gate, probe):
    told = probe.listen(DiagnosticArray, "safety/restrictions", LATCHED)
    gate.speed = 0.8
    gate.propose_on()
    probe.until(lambda: gate.velocity() > 0.6, "fast motion")
    assert set_parameters(probe, speed_scale=0.1).successful
    probe.until(lambda: values_of(told[-1])["speed_scale"] == "0.1", "the change, published")
    bound = 0.1 * gate.robot.spec.limits.velocity[3]
    probe.until(lambda: 0.0 < gate.velocity() <= bound * 1.000001, "slow motion")
    upper = gate.robot.spec.workspace[1].tolist()
    for bad, says in (
        ({"speed_scale": 1.5}, "1.5"),
        ({"limit_velocity": [9.0] * 7}, "expected no looser than the robot's"),
        ({"limit_velocity": [1.0] * 6}, "expected finite numbers of shape (7,)"),
        ({"workspace_upper": upper}, "expected [x, y, z] for both"),
        ({"forbidden_boxes": [0.0] * 7}, "got 7 numbers, expected 6 per box"),
        ({"stall_s": 1.0}, "read-only"),
    ):
        answer = set_parameters(probe, **bad)
        assert not answer.successful and says in answer.reason
    count = len(told)
    box = [0.1, -0.9, 0.9, 0.2, -0.8, 1.0]
    assert set_parameters(probe, forbidden_boxes=box, speed_scale=0.0).successful
    probe.until(lambda: len(told) > count, "the change, published")
    assert json.loads(values_of(told[-1])["forbidden_boxes"]) == box
    probe.until(lambda: gate.velocity() == 0.0, "standstill at a speed scale of 0")


def test_restrictions_describe_themselves(gate, probe):
    names = ["speed_scale", "forbidden_boxes"]
    answer = probe.call(DescribeParameters, "safety/describe_parameters", names=names)
    scale, boxes = answer.descriptors
    assert not scale.read_only and not boxes.read_only
    (allowed,) = scale.floating_point_range
    assert (allowed.from_value, allowed.to_value) == (0.0, 1.0)
    assert "lower corner" in boxes.description and "[m]" in boxes.description


def test_a_gate_that_stood_still_says_so_and_goes_on_from_where_the_robot_is(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    os.kill(gate.process.pid, signal.SIGSTOP)
    probe.spin(0.5)
    os.kill(gate.process.pid, signal.SIGCONT)
    said = lambda: "GATE_STALLED" in gate.all_codes()  # noqa: E731
    probe.until(said, "the stall's name")
    probe.until(lambda: "GATE_LATE" in gate.codes(), "missed ticks")
    probe.until(gate.moving, "motion again")


def test_a_gate_that_starts_over_still_knows_what_operators_said(gate, probe):
    """It stood still for so long that the others gave it up."""
    pressed = probe.listen(Bool, "safety/estop_pressed", LATCHED)
    assert set_parameters(probe, speed_scale=0.25).successful
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    os.kill(gate.process.pid, signal.SIGSTOP)
    time.sleep(GIVEN_UP_S + 2.0)
    pressed.clear()
    os.kill(gate.process.pid, signal.SIGCONT)
    probe.until(lambda: "it starts over" in gate.process.log_path.read_text(), "that it starts over")
    gate.propose_on()
    probe.until(lambda: pressed and pressed[-1].data, "the new node, pressed")
    assert not probe.call(Trigger, "safety/rearm").success
    assert gate.velocity() == 0.0
    scale = probe.call(GetParameters, "safety/get_parameters", names=["speed_scale"])
    assert scale.values[0].double_value == 0.25
    probe.call(SetBool, "safety/estop", data=False)
    assert gate.velocity() == 0.0
    probe.rearm()
    probe.until(gate.moving, "motion")


def test_a_button_that_waits_for_no_answer_is_heard(gate, probe):
    button = probe.node.create_publisher(Bool, "estop", RECORDED_STREAM)  # as one on a microcontroller
    gate.propose_on()
    probe.until(gate.moving, "motion")

    def stopped() -> bool:
        button.publish(Bool(data=True))
        return gate.state().level is Level.STOP

    probe.until(stopped, "the stop")


def test_a_button_releases_no_other_on_the_same_topic_unless_that_is_gone(gate, probe):
    def buttons(count: int) -> None:
        probe.until(lambda: probe.node.count_publishers("estop") == count, f"{count} buttons")

    first, second = (probe.node.create_publisher(Bool, "estop", STATE) for _ in range(2))
    for button in (first, second):
        probe.until(button.get_subscription_count, "the gate")
    first.publish(Bool(data=True))
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    for _ in range(5):
        second.publish(Bool(data=False))
        probe.spin(0.1)
    assert not probe.call(Trigger, "safety/rearm").success
    first.publish(Bool(data=False))
    probe.rearm()
    probe.until(lambda: gate.state().level is not Level.STOP, "the end of the stop")
    first.publish(Bool(data=True))
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    probe.node.destroy_publisher(first)
    buttons(1)
    assert not probe.call(Trigger, "safety/rearm").success

    def released() -> bool:  # as soon as the gate has noticed that the first one is gone
        second.publish(Bool(data=False))
        return probe.call(Trigger, "safety/rearm").success

    probe.until(released, "a re-arm")


def test_each_press_stops_the_other_gates_although_one_is_pressed_already(gate, probe):
    relayed = probe.listen(String, "estop_relay", STATE)
    button = probe.node.create_publisher(Bool, "estop", LATCHED)
    button.publish(Bool(data=True))
    probe.until(lambda: len(relayed) == 1, "the first press")
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: len(relayed) == 2, "the second press")


def test_garbage_on_every_topic_ends_nothing(gate, probe, robot):
    robot.image_change = lambda message: setattr(message, "data", message.data[:0])
    statuses = probe.node.create_publisher(DiagnosticArray, "planner/goal_status", 10)
    statuses.publish(DiagnosticArray())
    gate.change = lambda message: message.points.clear()
    gate.propose_on()
    probe.until(lambda: "PROPOSAL_SHAPE" in gate.all_codes(), "a verdict on no points")
    probe.until(lambda: "goal status: got keys []" in gate.process.log_tail(), "the log")
    gate.process.check()


def test_a_report_with_a_stamp_that_is_no_number_hides_no_other(gate, probe):
    statuses = probe.node.create_publisher(DiagnosticArray, "planner/goal_status", 10)
    status = GoalStatus(GoalState.MOVING, "on its way", stamp_ns=1, surprise=50.0)
    bad, good = status_to_ros(status, "panda"), status_to_ros(status, "panda")
    for pair in bad.status[0].values:
        pair.value = "nan" if pair.key == "proposal_stamp_ns" else pair.value

    def send() -> None:
        for message in (bad, good):
            statuses.publish(message)

    gate.propose_on()
    probe.until(gate.moving, "motion")
    probe.node.create_timer(0.05, send)
    probe.until(lambda: "SURPRISE_HIGH" in gate.codes(), "what the good report says")
    log = gate.process.log_path.read_text()
    assert "proposal_stamp_ns: got 'nan', expected a whole number" in log
    assert "Traceback" not in log


def test_bytes_that_are_no_message_end_nothing_on_any_topic(gate, probe):
    topics = {
        "joint_states": JointState,
        "camera/image_raw": Image,
        "camera/image_raw/compressed": CompressedImage,
        "planner/goal_status": DiagnosticArray,
        "planner/proposed": JointTrajectory,
        "estop_relay": String,
    }
    senders = [probe.node.create_publisher(kind, topic, 10) for topic, kind in topics.items()]
    gate.propose_on()
    probe.until(gate.moving, "motion")

    def answered(text: str) -> bool:  # sent again and again: the first ones come before the gate knows us
        for sender in senders:
            for garbage in (b"", b"\x00\x01\x00\x00abc", b"\x00\x01\x00\x00" + 40 * b"\xff"):
                # A writer refuses a message if it stays locked for 100 ms, as on a busy machine: it is sent again.
                with contextlib.suppress(RCLError):
                    sender.publish(garbage)
        return text in gate.process.log_path.read_text()

    for named in ("serialised JointState", "expected a whole image", "serialised DiagnosticArray"):
        probe.until(lambda named=named: answered(named), named)
    # Still sending: the proposals may have begun to arrive after the others were answered.
    probe.until(
        lambda: answered("") and "PROPOSAL_MALFORMED" in gate.all_codes(), "a verdict on what is no proposal"
    )
    probe.spin(0.5)
    gate.process.check()


def test_simulated_time_ticks_by_the_clock_waits_when_it_is_paused_and_starts_again(start, probe):
    from ami_ros.body.robot_spec import load_robot

    spec = load_robot("panda")
    clock = probe.node.create_publisher(Clock, "/clock", LATCHED_HISTORY)
    commands = probe.listen(JointTrajectory, "joint_trajectory_controller/joint_trajectory")
    judgements = listen_to_gate(probe)
    joints = probe.node.create_publisher(
        type(joints_to_ros(spec.joint_names, spec.home, spec.home, 0)), "joint_states", 10
    )
    process = start("safety", use_sim_time=True)
    codes = lambda: {r.code for j in judgements for r in j.verdict.reasons}  # noqa: E731
    now = 50 * TICK_NS

    def tell(time_ns: int) -> None:
        joints.publish(joints_to_ros(spec.joint_names, spec.home, np.zeros(7), time_ns))
        clock.publish(Clock(clock=stamp_from_ns(time_ns)))
        probe.spin(0.02)

    probe.until(clock.get_subscription_count, "a gate that hears the clock")
    while not commands:
        now += TICK_NS
        tell(now)
    probe.spin(1.0)  # what was under way has arrived
    count = len(commands)
    probe.spin(0.5)
    assert len(commands) == count, "no tick while time stands still"
    judgements.clear()
    tell(now + 100 * TICK_NS)
    probe.until(lambda: "CLOCK_JUMPED" in codes(), "the jump's name")
    judgements.clear()
    tell(TICK_NS)
    probe.until(lambda: "CLOCK_RESTARTED" in codes(), "the restart")
    process.check()
