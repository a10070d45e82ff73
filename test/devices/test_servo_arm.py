# SPDX-License-Identifier: Apache-2.0
"""An arm of emulated servos: it holds, follows no faster than allowed, and stops where it does not know enough."""

from __future__ import annotations

import dataclasses
import math
import time

import pytest
from feetech_servos import GOAL, MOTORS, OVERLOAD, STARTS, STATUS, TORQUE

pytest.importorskip("scservo_sdk", reason="needs the extra 'so101'")

from ami_ros.devices.servo_arm import JointLimits, ServoArm
from ami_ros.devices.servo_bus import AnswerError, PortError, ServoBus
from ami_ros.devices.servo_calibration import RAD_PER_TICK, read_servos
from ami_ros.errors import ConfigError, DeviceError

SPEED, ANSWER_S, TICK_S = 0.5, 0.03, 0.01
LIMITS = JointLimits(-1.5, 1.5, SPEED)


@pytest.fixture
def calibrated(servos, tmp_path):
    return dict(read_servos(servos.calibration(tmp_path / "arm.json")))


@pytest.fixture
def make(servos, calibrated):
    made = []

    def make(**changed) -> ServoArm:
        for arm in made:
            arm.close()
        bus = ServoBus(str(servos.path), 1_000_000, ANSWER_S)
        made.append(ServoArm(bus, calibrated | changed, dict.fromkeys(MOTORS, LIMITS)))
        return made[-1]

    yield make
    for arm in made:
        arm.close()


@pytest.fixture
def arm(make):
    arm = make()
    arm.connect()
    return arm


def goals(servos) -> list[int]:
    return [servo.get(GOAL, 2) for servo in servos.servos.values()]


def test_a_limp_arm_is_held_where_it_is(arm, servos):
    """Their goals said 3000 before: a torque that came first would have pulled every joint there."""
    assert servos.torques() == [1] * 6 and goals(servos) == list(STARTS)
    first = [number for number, address, _ in servos.writes if address == TORQUE]
    assert first == [1, 2, 3, 4, 5, 6] and servos.writes[0][1] == GOAL


def test_an_arm_that_holds_keeps_its_goals(make, servos):
    for number, servo in servos.servos.items():
        servo.put(TORQUE, 1, 1), servo.put(GOAL, STARTS[number - 1] + number, 2), servo.put(46, 1, 2)
    make().connect()
    assert goals(servos) == [start + number for number, start in zip(servos.servos, STARTS, strict=True)]
    assert all(address != TORQUE for _, address, _ in servos.writes)


def test_measurements_are_in_rad_around_the_middle(arm, calibrated):
    reading = arm.step({}, time.monotonic())
    expected = [
        (start - calibrated[name].middle) * RAD_PER_TICK for name, start in zip(MOTORS, STARTS, strict=True)
    ]
    assert reading.position.tolist() == pytest.approx(expected, abs=2 * RAD_PER_TICK)
    assert [state.temperature for state in reading.states.values()] == [31, 32, 33, 34, 35, 36]


def test_goals_go_no_faster_than_allowed_and_no_further_than_the_limits(arm, servos, calibrated):
    now_s = time.monotonic()
    arm.step({}, now_s)
    start = arm.goals["elbow_flex"]
    for tick in range(1, 11):
        arm.step({"elbow_flex": 9.0}, now_s + tick * TICK_S)
    assert arm.goals["elbow_flex"] == pytest.approx(start + 10 * TICK_S * SPEED)
    arm.step({"elbow_flex": 9.0}, now_s + 100.0)
    assert arm.goals["elbow_flex"] <= start + (10 * TICK_S + 0.1) * SPEED + 1e-9, "a pause is not made up for"
    for tick in range(1, 60):
        arm.step({"elbow_flex": 9.0}, now_s + 100.0 + tick * 0.1)
    assert arm.goals["elbow_flex"] == LIMITS.upper
    assert {servo.get(46, 2) for servo in servos.servos.values()} == {math.ceil(SPEED / RAD_PER_TICK)}
    assert arm.goals["gripper"] == pytest.approx(calibrated["gripper"].angle(STARTS[5]))


@pytest.mark.parametrize("kind", ["lost", "damaged", "wrong", "late"])
def test_it_does_not_go_on_without_knowing_where_it_is(arm, servos, kind):
    now_s = time.monotonic()
    arm.step({}, now_s)
    before = dict(arm.goals)
    servos.faults[kind, 4] = 1
    assert arm.step({"shoulder_pan": 1.0}, now_s + TICK_S) is None
    assert arm.goals == before
    assert arm.step({"shoulder_pan": 1.0}, now_s + 2 * TICK_S) is not None
    assert arm.goals["shoulder_pan"] > before["shoulder_pan"]


def test_a_position_that_no_servo_reaches_is_a_wrong_answer(arm, servos):
    """A damaged answer may have the right checksum."""
    now_s = time.monotonic()
    arm.step({}, now_s)
    servo = servos.servos[2]
    servo._position, kept = 900.0, servo._position
    servo.move()
    assert arm.step({}, now_s + TICK_S) is None
    servo._position = kept
    servo.move()
    assert arm.step({}, now_s + 2 * TICK_S) is not None


def test_an_overloaded_servo_stops_the_arm_until_it_recovers(arm, servos):
    now_s = time.monotonic()
    arm.step({}, now_s)
    before = dict(arm.goals)
    servos.servos[3].put(STATUS, OVERLOAD, 1)
    reading = arm.step({"shoulder_pan": 1.0}, now_s + TICK_S)
    assert reading.faults == {"elbow_flex": ("overload",)} and arm.goals == before
    servos.servos[3].put(STATUS, 0, 1)
    arm.step({"shoulder_pan": 1.0}, now_s + 2 * TICK_S)
    assert arm.goals["shoulder_pan"] > before["shoulder_pan"]


def test_closing_leaves_the_torque_and_only_release_switches_it_off(arm, make, servos):
    arm.close()
    assert servos.torques() == [1] * 6
    again = make()
    again.connect()
    again.release()
    assert servos.torques() == [0] * 6
    servos.servos[1]._position += 50.0  # a person moves it
    servos.servos[1].move()
    sent = len(servos.writes)
    again.step({"shoulder_pan": 1.0}, time.monotonic() + 1.0)
    assert len(servos.writes) == sent, "a released arm gets no goals"
    again.hold()
    assert servos.torques() == [1] * 6 and goals(servos)[0] == STARTS[0] + 50


def test_after_a_power_cut_it_holds_where_it_is(arm, servos):
    servos.unplug()
    with pytest.raises(PortError):
        arm.step({}, time.monotonic())
    servos.power_off()
    servos.plug_in()
    arm.connect()
    assert servos.torques() == [1] * 6 and goals(servos) == list(STARTS)


def test_another_arms_calibration_is_refused(make, servos, calibrated):
    other = dataclasses.replace(calibrated["wrist_roll"], homing_offset=34)
    with pytest.raises(
        DeviceError, match=r"wrist_roll: got .* \[33, 150, 3990\] in the servo, expected \[34, 150, 3990\]"
    ):
        make(wrist_roll=other).connect()
    assert servos.torques() == [0] * 6 and not servos.writes, "nothing was written"


def test_silent_servos_are_named(make, servos):
    del servos.servos[6]
    with pytest.raises(AnswerError, match="gripper: servo 6: lost answer.*expected 6 servos.*power"):
        make().connect()


def test_another_model_and_another_mode_are_refused(make, servos):
    servos.servos[2].put(33, 1, 1)
    with pytest.raises(DeviceError, match="shoulder_lift: got operating mode 1, expected 0"):
        make().connect()
    servos.servos[2].put(3, 1284, 2)
    with pytest.raises(DeviceError, match="shoulder_lift: got a servo of model 1284, expected 777"):
        make().connect()


def test_one_lost_answer_does_not_prevent_the_start(make, servos):
    servos.faults["lost", 5] = 2
    make().connect()
    assert servos.torques() == [1] * 6


@pytest.mark.parametrize("number", [None, 1, 253])
def test_addresses_are_checked(make, calibrated, number):
    with pytest.raises(ConfigError, match="id of motor gripper: got"):
        make(gripper=dataclasses.replace(calibrated["gripper"], number=number))
