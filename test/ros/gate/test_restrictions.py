# SPDX-License-Identifier: Apache-2.0
"""Tightening never loosens: limits that are set in the middle of a motion, over real DDS."""

from __future__ import annotations

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from set_lists import set_lists
from std_srvs.srv import SetBool

from ami_ros.ros.wire.messages import stamp_to_ns
from ami_ros.ros.wire.verdicts import values_of
from ami_ros.types import Level

SPEED = 1.2  # rad/s that joint 4 is asked for
SLACK_TICKS = 2  # the gate brakes from its next tick on, and ends with part of one
TICK_S = 0.01
LOOK_S = 2.0


def restrict_at_full_acceleration(gate, probe, **sizes: float) -> None:
    """Tighten limits to shares of the robot's own while joint 4 speeds up."""
    limits = gate.robot.spec.limits
    probe.until(lambda: gate.velocity() > 0.05, "the begin of a motion")
    lists = {f"limit_{name}": (size * getattr(limits, name)).tolist() for name, size in sizes.items()}
    assert set_lists(probe, **lists).successful


def release(gate, probe, *restricted: str) -> None:
    """Take back the restrictions and the e-stop."""
    assert set_lists(probe, **{f"limit_{name}": [] for name in restricted}).successful
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    gate.judgements.clear()


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


def test_a_jerk_tightened_in_motion_removes_no_limit(gate, probe):
    gate.speed = SPEED
    gate.propose_on()
    for size in (0.005, 0.002, 1e-6):
        restrict_at_full_acceleration(gate, probe, jerk=size)
        probe.spin(1.5)
        judge(gate)
        stop_and_count(gate, probe)
        probe.spin(0.3)
        judge(gate)
        assert gate.velocity() == 0.0
        release(gate, probe, "jerk")


def test_an_acceleration_tightened_in_motion_does_not_lengthen_a_stop(gate, probe):
    limits = gate.robot.spec.limits
    needed_s = SPEED / limits.acceleration[3] + limits.acceleration[3] / limits.jerk[3]
    gate.speed = SPEED
    gate.propose_on()
    for size in (0.1, 0.001):
        restrict_at_full_acceleration(gate, probe, acceleration=size)
        probe.spin(0.2)
        assert stop_and_count(gate, probe) <= needed_s / TICK_S + SLACK_TICKS
        release(gate, probe, "acceleration")
        judge(gate)


def test_more_boxes_than_a_tick_can_look_at_are_refused_and_those_allowed_fit_into_a_tick(gate, probe):
    gate.propose_until_moving()
    boxes = np.tile([5.0, 5.0, 5.0, 5.1, 5.1, 5.1], 10_000).tolist()
    answer = set_lists(probe, forbidden_boxes=boxes)
    assert not answer.successful and "got 60000 entries, expected at most 192" in answer.reason
    assert set_lists(probe, forbidden_boxes=boxes[: 32 * 6]).successful
    health = probe.listen(DiagnosticArray, "/diagnostics")

    def used_s() -> float:
        """Processor time until now: how long others kept the gate waiting is not the boxes' doing."""
        health.clear()
        return float(values_of(probe.wait(lambda: health, "diagnostics")[-1])["cpu_s"])

    before_s = used_s()
    probe.spin(LOOK_S)
    assert (used_s() - before_s) / (LOOK_S / TICK_S) < TICK_S
    assert gate.state().level < Level.HOLD
    probe.until(gate.moving, "motion that goes on", 1.0)
