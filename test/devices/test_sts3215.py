# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.devices.sts3215 import (
    GOAL,
    HOMING_OFFSET,
    PRESENT_VELOCITY,
    STATE,
    Register,
    decoded_state,
    encoded_goal,
    faults_of,
)


@pytest.mark.parametrize(
    ("register", "number", "data"),
    [
        (HOMING_OFFSET, -5, b"\x05\x08"),
        (HOMING_OFFSET, 2047, b"\xff\x07"),
        (PRESENT_VELOCITY, -256, b"\x00\x81"),
        (Register(9, 2), 0x8001, b"\x01\x80"),
    ],
)
def test_the_sign_has_a_bit_of_its_own(register, number, data):
    assert register.decoded(data) == number and register.encoded(number) == data


def test_a_state():
    data = bytes([0x34, 0x08, 0x02, 0x80, 0xF4, 0x05, 74, 45, 0, 32 | 4])
    assert len(data) == STATE.size
    state = decoded_state(data)
    assert (
        state[:2] == (2100, -2) and state.load == pytest.approx(-0.5) and state.voltage == pytest.approx(7.4)
    )
    assert state.temperature == 45 and state.faults == ("overheated", "overload")


def test_faults_have_names_also_unknown_ones():
    assert faults_of(0) == () and faults_of(1 | 16) == ("voltage out of range", "unknown fault 16")


def test_a_goal_is_position_time_and_velocity():
    assert encoded_goal(0x0203, 0x0104) == b"\x03\x02\x00\x00\x04\x01" and GOAL == (42, 6, None)
