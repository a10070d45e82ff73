# SPDX-License-Identifier: Apache-2.0
"""Names, units and limits of numbers; what over DDS is tried once is tried here at its borders."""

from __future__ import annotations

import numpy as np
import pytest
from heard_samples import heard, samples
from robots import HOME, LOWER, UPPER, made_up_robot

from ami_ros.body.sensors import ANY_RATE, Band, VectorSensor
from ami_ros.doctor.live.numbers import banded, still, values

SPEC = made_up_robot()
JOINTS = SPEC.sensors["joints"]
STILL = np.zeros(4)


def told(position, names=JOINTS.names, error=""):
    reading = None if error else np.concatenate([position, STILL])
    return heard([s._replace(value=reading, error=error) for s in samples(5, 10)], joints=names)


@pytest.mark.parametrize(
    ("position", "level", "found"),
    [
        (np.array(HOME), "ok", "within the limits"),
        (np.array(UPPER), "ok", ""),
        (np.array(UPPER) + [0.1, 0.0, 0.0, 0.0], "ok", ""),  # by less than a zero may be off
        (
            np.array(LOWER) - [0.0, 0.0, 0.5, 0.0],
            "fail",
            "joint_c is at -3, outside its limits [-2.5, 2.75] rad",
        ),
        (np.degrees(HOME), "fail", "rad: degrees?"),
        (np.array(HOME) * 1000.0, "fail", "joint_a is at 200"),  # no unit that we know of
    ],
)
def test_limits(position, level, found):
    finding = values(JOINTS, told(position), (), SPEC.limits)
    assert finding.level == level and found in finding.found
    assert ("degrees" in finding.advice) == ("degrees" in finding.found)
    assert values(JOINTS, told(position), (), None).level == "ok", "of no arm: nobody knows limits"


def test_a_rail_in_millimetres():
    rail = VectorSensor("rail", "rail", "JointState", (("j", "m"),), 10.0, 0.5, None, ("model",))
    limits = made_up_robot(lower=[0.0] * 4, upper=[2.0] * 4).limits
    one = type(limits)(limits.lower[:1], limits.upper[:1], None, None, None, None)
    topic = heard([s._replace(value=np.array([1500.0, 0.0])) for s in samples(3, 10)], joints=("j",))
    finding = values(rail, topic, (), one)
    assert finding.level == "fail" and finding.found.endswith("m: mm?")


def test_names():
    names = ("joint_a", "joint_b", "joint_c", "joint_x", "finger")
    other = values(JOINTS, told(STILL, names, "missing"), ("finger",), SPEC.limits)
    assert "names (joint_x) for joint_d in sensors.joints.values" in other.advice
    more = values(JOINTS, told(STILL, (*JOINTS.names, "finger"), "unknown"), (), SPEC.limits)
    assert "add finger to simulation.hold_joints" in more.advice
    assert "(simulation.held with kind: none)" in more.advice, "which has no other key"
    broken = values(JOINTS, told(STILL, error="non-finite"), (), SPEC.limits)
    assert "finite number for each value" in broken.advice


def test_repeated_readings_are_judged_by_freeze_s():
    plain = VectorSensor("t", "t", "Temperature", (("temperature", "degC"),), 10.0, 0.5, None, ("gate",))
    judged = VectorSensor("t", "t", "Temperature", (("temperature", "degC"),), 10.0, 0.5, 0.3, ("gate",))
    run = samples(10, 100)
    repeated = [*run[:4], *(sample._replace(content=4) for sample in run[4:7]), *run[7:]]
    assert still(plain, heard(repeated)) is None
    assert (
        still(judged, heard(repeated)).level == "ok"
        and "0.30 s at most" in still(judged, heard(repeated)).found
    )
    assert still(judged, heard([sample._replace(content=4) for sample in run])).level == "fail"


@pytest.mark.parametrize(
    ("heat", "level", "found"),
    [
        (20.0, "ok", "heat is 20 to 20 degC, its band 0 to 95"),
        (95.0, "ok", ""),
        (95.1, "fail", "heat is 95.1 to 95.1 degC, its band 0 to 95"),
        (313.0, "fail", "heat is 313"),  # kelvin
    ],
)
def test_values_outside_their_band(heat, level, found):
    band = Band("heat", 0.0, 95.0, 1.0, ANY_RATE)
    values = (("level", "m"), ("heat", "degC"))
    tank = VectorSensor("tank", "tank", "Float64MultiArray", values, 10.0, 0.5, None, ("gate",), (band,))
    topic = heard([s._replace(value=np.array([-9.0, heat])) for s in samples(3, 10)])
    finding = banded(tank, topic)
    assert finding.level == level and found in finding.found
    assert banded(tank, heard([s._replace(value=None, error="bad") for s in samples(3, 10)])) is None
