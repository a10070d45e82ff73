# SPDX-License-Identifier: Apache-2.0
"""The bus against servos that answer byte by byte, and do not."""

from __future__ import annotations

import pytest
from feetech_servos import GOAL as GOAL_ADDRESS
from feetech_servos import STARTS, STATUS, TORQUE

pytest.importorskip("scservo_sdk", reason="needs the extra 'so101'")

from ami_ros.devices.servo_bus import AnswerError, PortError, ServoBus
from ami_ros.devices.sts3215 import (
    GOAL,
    HOMING_OFFSET,
    MODEL_NUMBER,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    STATE,
    TORQUE_ENABLE,
    decoded_state,
    encoded_goal,
)

ALL, ONE = (1, 2, 3, 4, 5, 6), 3
ANSWER_S = 0.03


@pytest.fixture
def bus(servos):
    bus = ServoBus(str(servos.path), 1_000_000, ANSWER_S)
    bus.open()
    yield bus
    bus.close()


def test_ping_read_and_write(bus, servos):
    bus.ping(ONE)
    assert bus.read(ONE, MODEL_NUMBER) == 777
    assert bus.read(1, HOMING_OFFSET) == -85
    bus.write(ONE, TORQUE_ENABLE, 1)
    assert servos.torques() == [0, 0, 1, 0, 0, 0]
    assert not +bus.troubles


def test_all_at_once(bus, servos):
    found = bus.sync_read(ALL, STATE)
    assert [decoded_state(found[number].data).position for number in ALL] == list(STARTS)
    bus.sync_write(GOAL, {number: encoded_goal(2000 + number, 70) for number in ALL})
    bus.ping(1)  # answered after the write was obeyed
    assert [servo.get(GOAL_ADDRESS, 2) for servo in servos.servos.values()] == [2000 + n for n in ALL]


@pytest.mark.parametrize("kind", ["lost", "late", "damaged", "short", "wrong"])
def test_one_spoilt_answer_costs_no_other_servo_its_own(bus, servos, kind):
    servos.faults[kind, 6] = 1
    found = bus.sync_read(ALL, STATE)
    assert set(found) == {1, 2, 3, 4, 5} and servos.spoilt[kind] == 1
    counted = {"late": "lost", "short": "damaged"}.get(kind, kind)
    assert +bus.troubles == {counted: 1}
    assert set(bus.sync_read(ALL, STATE)) == set(ALL)


@pytest.mark.parametrize("kind", ["lost", "damaged", "wrong"])
def test_a_spoilt_answer_in_the_middle_leaves_those_behind_it(bus, servos, kind):
    servos.faults[kind, 2] = 1
    assert set(bus.sync_read(ALL, STATE)) == {1, 3, 4, 5, 6}


@pytest.mark.parametrize("kind", ["lost", "damaged", "wrong"])
def test_the_error_of_a_single_request_says_what_happened(bus, servos, kind):
    servos.faults[kind, ONE] = 1
    with pytest.raises(AnswerError, match=f"servo 3: {kind} answer, within 30 ms"):
        bus.read(ONE, MODEL_NUMBER)
    assert bus.read(ONE, MODEL_NUMBER) == 777


def test_a_late_answer_never_passes_for_that_of_the_next_request(bus, servos):
    """Both are two bytes of the same servo: only the time tells them apart."""
    servos.faults["late", ONE] = 1
    with pytest.raises(AnswerError):
        bus.read(ONE, HOMING_OFFSET)
    assert bus.read(ONE, PRESENT_POSITION) == STARTS[ONE - 1]
    assert bus.troubles["late"] == 1


def test_a_servo_that_is_not_there(bus):
    with pytest.raises(AnswerError, match="servo 9: lost answer"):
        bus.ping(9)


def test_faults_come_with_every_answer(bus, servos):
    servos.servos[ONE].put(STATUS, 32 | 4, 1)
    assert bus.sync_read(ALL, PRESENT_TEMPERATURE)[ONE].faults == ("overheated", "overload")


def test_an_unplugged_cable_closes_the_port(bus, servos):
    servos.unplug()
    with pytest.raises(PortError, match="is the cable plugged in"):
        bus.sync_read(ALL, STATE)
    assert not bus.is_open
    with pytest.raises(PortError, match="serial ports here:"):
        bus.open()
    servos.plug_in()
    bus.open()
    bus.ping(ONE)


def test_a_port_that_another_process_has_is_refused(bus, servos):
    with pytest.raises(PortError, match="lock"):
        ServoBus(str(servos.path), 1_000_000, ANSWER_S).open()


def test_torque_is_not_touched_by_opening_and_closing(bus, servos):
    servos.servos[ONE].put(TORQUE, 1, 1)
    bus.close()
    bus.open()
    bus.close()
    assert servos.torques() == [0, 0, 1, 0, 0, 0]
