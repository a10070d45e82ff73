# SPDX-License-Identifier: Apache-2.0
"""Tightening never loosens: limits that are set in the middle of a motion, over real DDS."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from std_srvs.srv import SetBool

from ami_ros.ros.wire.messages import stamp_to_ns
from ami_ros.ros.wire.node_main import GIVEN_UP_S
from ami_ros.types import Level

SPEED = 1.2  # rad/s that joint 4 is asked for
SLACK_TICKS = 5  # messages cross each other, and the gate brakes from its next tick on
TICK_S = 0.01


def set_lists(probe, **values: list[float]):
    """Set lists of numbers, all or none."""
    parameters = [
        Parameter(
            name=name,
            value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE_ARRAY, double_array_value=value),
        )
        for name, value in values.items()
    ]
    return probe.call(
        SetParametersAtomically, "safety/set_parameters_atomically", parameters=parameters
    ).result


def restrict_at_full_acceleration(gate, probe, **sizes: float) -> None:
    """Tighten limits to shares of the robot's own while joint 4 speeds up."""
    limits = gate.robot.spec.limits
    gate.speed = SPEED
    gate.propose_on()
    probe.until(lambda: gate.velocity() > 0.05, "the begin of a motion")
    lists = {f"limit_{name}": (size * getattr(limits, name)).tolist() for name, size in sizes.items()}
    assert set_lists(probe, **lists).successful


def judge(gate) -> None:
    """Look at every command: never outside of the robot's own limits."""
    limits = gate.robot.spec.limits
    for message in gate.commands:
        (point,) = message.points
        assert (np.abs(point.velocities) <= limits.velocity * 1.000001).all()
        assert (np.array(point.positions) >= limits.lower).all()
        assert (np.array(point.positions) <= limits.upper).all()


def stop_and_count(gate, probe) -> int:
    """Press the e-stop and return for how many ticks the commands went on moving."""
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: gate.state().level is Level.STOP, "the stop")
    begun = next(j for j in gate.judgements if j.verdict.level is Level.STOP).stamp_ns
    probe.until(lambda: gate.velocity() == 0.0, "standstill")
    after = [m.points[0] for m in gate.commands if stamp_to_ns(m.header.stamp) > begun]
    return sum(point.velocities[3] != 0.0 for point in after)


@pytest.mark.parametrize("size", [0.005, 0.002, 1e-6])
def test_a_jerk_tightened_in_motion_removes_no_limit(gate, probe, size):
    restrict_at_full_acceleration(gate, probe, jerk=size)
    probe.spin(1.5)
    judge(gate)
    stop_and_count(gate, probe)
    probe.spin(0.3)
    judge(gate)
    assert gate.velocity() == 0.0


@pytest.mark.parametrize("size", [0.1, 0.001])
def test_an_acceleration_tightened_in_motion_does_not_lengthen_a_stop(gate, probe, size):
    limits = gate.robot.spec.limits
    restrict_at_full_acceleration(gate, probe, acceleration=size)
    probe.spin(0.2)
    needed_s = SPEED / limits.acceleration[3] + limits.acceleration[3] / limits.jerk[3]
    assert stop_and_count(gate, probe) <= needed_s / TICK_S + SLACK_TICKS
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    judge(gate)


def test_a_gate_that_starts_over_after_a_restriction_was_taken_back_still_runs(gate, probe):
    """An empty list over the wire is an array for which rclpy finds no type."""
    own = gate.robot.spec.limits.jerk
    assert set_lists(probe, limit_jerk=(0.5 * own).tolist(), limit_acceleration=[]).successful
    assert set_lists(probe, limit_jerk=[]).successful
    assert set_lists(probe, limit_velocity=(0.5 * gate.robot.spec.limits.velocity).tolist()).successful
    os.kill(gate.process.pid, signal.SIGSTOP)
    time.sleep(GIVEN_UP_S + 2.0)
    os.kill(gate.process.pid, signal.SIGCONT)
    probe.until(lambda: "it starts over" in gate.process.log_path.read_text(), "that it starts over")
    gate.propose_on()
    probe.until(gate.moving, "motion")
    names = ["limit_jerk", "limit_velocity"]
    jerk, velocity = probe.call(GetParameters, "safety/get_parameters", names=names).values
    assert list(jerk.double_array_value) == []
    assert list(velocity.double_array_value) == (0.5 * gate.robot.spec.limits.velocity).tolist()
    gate.process.check()


def test_more_boxes_than_a_tick_can_look_at_are_refused_and_cost_no_tick(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    boxes = np.tile([5.0, 5.0, 5.0, 5.1, 5.1, 5.1], 10_000).tolist()
    answer = set_lists(probe, forbidden_boxes=boxes)
    assert not answer.successful and "got 60000 entries, expected at most 192" in answer.reason
    assert set_lists(probe, forbidden_boxes=boxes[: 32 * 6]).successful
    probe.until(gate.moving, "motion")
    assert "GATE_STALLED" not in gate.all_codes()
