# SPDX-License-Identifier: Apache-2.0
"""What breaks around the gate, and what operators set while it runs, over real DDS."""

from __future__ import annotations

import json
import math

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParametersAtomically
from simulated_time import TICK_NS

from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_to_ros
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.ros.wire.verdicts import values_of
from ami_ros.safety.settings import load_safety_settings
from ami_ros.types import Level

SILENCE_NS = round(load_safety_settings().checks["heartbeat"].planner_silence_s * 1e9)


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


def test_a_surprised_planner_holds_the_robot_and_a_report_that_is_none_hides_nothing(gate, probe):
    statuses = probe.publisher(DiagnosticArray, "planner/goal_status")
    surprise = 0.1

    def send() -> None:
        # As of the newest proposal: each waits for the report about it.
        now_ns = probe.now_ns()
        status = GoalStatus(GoalState.MOVING, "", surprise=surprise, proposal_stamp_ns=now_ns)
        bad, good = status_to_ros(status, "panda"), status_to_ros(status, "panda")
        for pair in bad.status[0].values:
            pair.value = "nan" if pair.key == "proposal_stamp_ns" else pair.value
        for message in (bad, good):
            statuses.publish(message)

    probe.every(0.05, send)
    gate.propose_until_moving()
    for surprise in (50.0, math.nan):
        probe.until(lambda: "SURPRISE_HIGH" in gate.codes(), "a hold for surprise")
        probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
        surprise = 0.1
        probe.until(lambda: gate.velocity() > 0.0, "motion, slowly, after a rest")
    log = gate.process.log_path.read_text()
    assert "proposal_stamp_ns: got 'nan', expected a whole number" in log
    assert "Traceback" not in log


def test_reports_are_a_sign_of_life_and_their_end_is_noticed(gate, probe):
    statuses = probe.publisher(DiagnosticArray, "planner/goal_status")
    status = status_to_ros(GoalStatus(GoalState.NO_GOAL, "send a goal"), "panda")
    sent: list[int] = []

    def send() -> None:
        sent.append(probe.now_ns())
        statuses.publish(status)

    task = probe.every(0.05, send)
    probe.spin(2.0)
    assert gate.codes() == {"PROPOSAL_MISSING"}, "nothing but a missing proposal"
    task.cancel()
    probe.until(lambda: gate.said_ns("PLANNER_SILENT", sent[-1]), "a planner that is silent", 1.0)
    # A message counts from its arrival, at the tick that is then the newest or the one after.
    assert 0 < gate.said_ns("PLANNER_SILENT", sent[-1]) - sent[-1] - SILENCE_NS <= 2 * TICK_NS


def test_limits_are_tightened_while_it_runs_and_never_loosened(gate, probe):
    told = probe.listen(DiagnosticArray, "safety/restrictions", LATCHED)
    gate.speed = 0.8
    gate.propose_on()
    probe.until(lambda: gate.velocity() > 0.6, "fast motion")
    assert set_parameters(probe, speed_scale=0.1).successful
    probe.wait(lambda: told and values_of(told[-1])["speed_scale"] == "0.1", "the change, published")
    bound = 0.1 * gate.robot.spec.limits.velocity[3]
    probe.until(lambda: 0.0 < gate.velocity() <= bound * 1.000001, "slow motion", 1.0)
    upper = gate.robot.spec.workspace[1].tolist()
    for bad, says in (
        ({"speed_scale": 1.5}, "1.5"),
        ({"limit_velocity": [9.0] * 7}, "no looser than the robot's"),
        ({"limit_velocity": [1.0] * 6}, "shape (7,)"),
        ({"workspace_upper": upper}, "expected [x, y, z] for both"),
        ({"forbidden_boxes": [0.0] * 7}, "got 7 numbers"),
        ({"stall_s": 1.0}, "read-only"),
    ):
        answer = set_parameters(probe, **bad)
        assert not answer.successful and says in answer.reason
    box = [0.1, -0.9, 0.9, 0.2, -0.8, 1.0]
    assert set_parameters(probe, forbidden_boxes=box, speed_scale=0.0).successful
    probe.wait(lambda: values_of(told[-1])["speed_scale"] == "0.0", "the change, published")
    assert json.loads(values_of(told[-1])["forbidden_boxes"]) == box
    probe.until(lambda: gate.velocity() == 0.0, "standstill at a speed scale of 0", 1.0)

    names = ["speed_scale", "forbidden_boxes"]
    scale, boxes = probe.call(DescribeParameters, "safety/describe_parameters", names=names).descriptors
    assert not scale.read_only and not boxes.read_only
    (allowed,) = scale.floating_point_range
    assert (allowed.from_value, allowed.to_value) == (0.0, 1.0)
    assert "lower corner" in boxes.description and "[m]" in boxes.description


def test_messages_with_nonsense_in_them_end_nothing_and_an_empty_image_is_a_sign_of_life(gate, probe, robot):
    def empty(message) -> None:  # that the image is no good is for the planner to say
        message.data, message.encoding = message.data[:0], ""
        message.height = message.width = message.step = 0

    robot.image_change = empty
    gate.propose_until_moving()
    probe.spin(1.0)
    assert gate.state().level < Level.HOLD, "longer than an image may be old"
    statuses = probe.publisher(DiagnosticArray, "planner/goal_status")
    statuses.publish(DiagnosticArray())
    gate.change = lambda message: message.points.clear()
    probe.until(lambda: "PROPOSAL_SHAPE" in gate.all_codes(), "a verdict on no points", 1.0)
    log = gate.process.log_path
    probe.wait(lambda: "goal status: got keys []" in log.read_text(), "the log", ticking=True)
    gate.process.check()
