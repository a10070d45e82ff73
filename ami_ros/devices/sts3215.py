# SPDX-License-Identifier: Apache-2.0
"""What a Feetech STS3215 servo keeps in which register, and in which units.

Source: addresses, sign bits and model number: the tables of lerobot's Feetech motors. Units and status bits:
Feetech, STS3215 memory table, and feetech-servo-sdk 1.0.
"""

from __future__ import annotations

from typing import NamedTuple

MODEL = 777
POSITION_MODE = 0
ANY_POSITION = range(4096)  # ticks
FASTEST = 4000  # steps/s; its no-load speed is 45 rpm at 7.4 V, about 3,100
VOLT, LOAD_SHARE = 0.1, 0.001  # per unit
# Bits of the status, in every answer and in its register.
FAULTS = {
    1: "voltage out of range",
    2: "angle sensor fault",
    4: "overheated",
    8: "overcurrent",
    32: "overload",
}


class Register(NamedTuple):
    """Where a number is: first address, bytes, and the bit that makes it negative (None: never negative)."""

    address: int
    size: int
    sign_bit: int | None = None

    def decoded(self, data: bytes) -> int:
        """Return the number that `data` (size,) holds, the lowest byte first."""
        number = int.from_bytes(data[: self.size], "little")
        if self.sign_bit is None or not number >> self.sign_bit & 1:
            return number
        return -(number & ~(1 << self.sign_bit))

    def encoded(self, number: int) -> bytes:
        """Return the bytes (size,) of a number."""
        if number < 0 and self.sign_bit is not None:
            number = -number | 1 << self.sign_bit
        return number.to_bytes(self.size, "little")


MODEL_NUMBER = Register(3, 2)
MIN_POSITION = Register(9, 2)
MAX_POSITION = Register(11, 2)
HOMING_OFFSET = Register(31, 2, 11)
OPERATING_MODE = Register(33, 1)
TORQUE_ENABLE = Register(40, 1)
GOAL_POSITION = Register(42, 2, 15)
GOAL_TIME = Register(44, 2)
GOAL_VELOCITY = Register(46, 2, 15)
PRESENT_POSITION = Register(56, 2, 15)
PRESENT_VELOCITY = Register(58, 2, 15)
PRESENT_LOAD = Register(60, 2, 10)
PRESENT_VOLTAGE = Register(62, 1)
PRESENT_TEMPERATURE = Register(63, 1)
STATUS = Register(65, 1)
STATE = Register(PRESENT_POSITION.address, STATUS.address + STATUS.size - PRESENT_POSITION.address)
GOAL = Register(GOAL_POSITION.address, 6)  # position, time, velocity


class ServoState(NamedTuple):
    """One measurement of a servo.

    Attributes:
        position: ticks.
        velocity: ticks/s.
        load: share of its torque, -1 to 1.
        voltage: V.
        temperature: degrees C.
        faults: what its status says is wrong.
    """

    position: int
    velocity: int
    load: float
    voltage: float
    temperature: int
    faults: tuple[str, ...]


def decoded_state(data: bytes) -> ServoState:
    """Return what the bytes of `STATE` say."""

    def number(register: Register) -> int:
        return register.decoded(data[register.address - STATE.address :])

    return ServoState(
        number(PRESENT_POSITION),
        number(PRESENT_VELOCITY),
        number(PRESENT_LOAD) * LOAD_SHARE,
        number(PRESENT_VOLTAGE) * VOLT,
        number(PRESENT_TEMPERATURE),
        faults_of(number(STATUS)),
    )


def faults_of(status: int) -> tuple[str, ...]:
    """Return the names of the bits that are set in a status byte."""
    return tuple(FAULTS.get(1 << bit, f"unknown fault {1 << bit}") for bit in range(8) if status >> bit & 1)


def encoded_goal(position: int, velocity: int) -> bytes:
    """Return the bytes of `GOAL`: go to `position` (ticks), at most at `velocity` (ticks/s, above 0)."""
    return GOAL_POSITION.encoded(position) + GOAL_TIME.encoded(0) + GOAL_VELOCITY.encoded(velocity)
