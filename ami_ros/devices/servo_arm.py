# SPDX-License-Identifier: Apache-2.0
"""An arm of bus servos: where its joints are, and goals that lead them there no faster than allowed.

The servos hold their last goal by themselves. This side therefore sends only goals that are safe to keep:
a step of the allowed speed away from the one before, and no further while it does not know where the arm is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from ami_ros.devices.servo_bus import WRONG, AnswerError, ServoBus
from ami_ros.devices.servo_calibration import RAD_PER_TICK, Servo
from ami_ros.devices.sts3215 import (
    ANY_POSITION,
    FASTEST,
    GOAL,
    GOAL_POSITION,
    HOMING_OFFSET,
    MAX_POSITION,
    MIN_POSITION,
    MODEL,
    MODEL_NUMBER,
    OPERATING_MODE,
    POSITION_MODE,
    PRESENT_POSITION,
    STATE,
    TORQUE_ENABLE,
    Register,
    ServoState,
    decoded_state,
    encoded_goal,
)
from ami_ros.errors import ConfigError, DeviceError
from ami_ros.types import FloatArray

T = TypeVar("T")
ATTEMPTS = 3  # at a request of the start, where one lost answer would end it
LONGEST_STEP_S = 0.1  # a process that stood still for longer does not make up for it in one step
MARGIN = 100  # ticks that a position may be off what the fastest servo reaches


class ArmReading(NamedTuple):
    """One measurement of all joints.

    Attributes:
        position: (J,) rad.
        velocity: (J,) rad/s.
        states: of each servo, by joint.
    """

    position: FloatArray
    velocity: FloatArray
    states: Mapping[str, ServoState]

    @property
    def faults(self) -> dict[str, tuple[str, ...]]:
        """What the servos report to be wrong, by joint; without those that report nothing."""
        return {name: state.faults for name, state in self.states.items() if state.faults}


@dataclass(frozen=True)
class JointLimits:
    """What a joint may be commanded to do: rad and rad/s; the servo's own range holds as well."""

    lower: float
    upper: float
    speed: float


class ServoArm:
    """The joints of one arm.

    Args:
        bus: the arm's servos are behind it; opened by `connect`.
        servos: of each joint, from its calibration file.
        limits: of each joint.

    Attributes:
        names: of the joints (J,).
        goals: where each joint was sent last, rad; empty before the first connection.
        torque: whether the servos hold; False after `release`.

    Raises:
        ConfigError: a servo without an address, or two with the same.
    """

    def __init__(self, bus: ServoBus, servos: Mapping[str, Servo], limits: Mapping[str, JointLimits]) -> None:
        self.names = tuple(servos)
        self._bus, self._servos, self._limits = bus, servos, limits
        self._numbers: dict[str, int] = {}
        for name, servo in servos.items():
            if servo.number is None or not 0 <= servo.number <= 252 or servo.number in self._numbers.values():
                expected = "a number from 0 to 252 that no other motor has"
                raise ConfigError(f"id of motor {name}: got {servo.number}, expected {expected}")
            self._numbers[name] = servo.number
        self.goals: dict[str, float] = {}
        self.torque = True
        self._seen: dict[str, tuple[int, float]] = {}  # joint -> ticks and time (s) of its last position
        self._stepped_s = -math.inf

    def connect(self) -> None:
        """Open the bus, check that it is this arm, and let every servo hold where it is.

        A servo that holds already keeps its goal. One that does not is first given its position as its goal.

        Raises:
            DeviceError: a port, a servo or a calibration is not as expected; the message says what to do.
        """
        self._bus.open()
        try:
            self._check_present()
            for name in self.names:
                self._check_servo(name)
            self._seen.clear()
            self.goals = {name: self._present_goal(name) for name in self.names}
            if self.torque:
                self.hold()
        except DeviceError:
            self._bus.close()
            raise

    def hold(self) -> None:
        """Switch the torque on; joints that were limp are held where they are. Raises DeviceError."""
        self.goals = {name: self._present_goal(name) for name in self.names}
        self._send_goals()  # before the torque, which would pull a joint to an older goal
        for name in self.names:
            if not self._read(name, TORQUE_ENABLE):
                self._switch(name, 1)
        self.torque = True

    def release(self) -> None:
        """Switch the torque off, for a person who holds the arm: it falls. Raises DeviceError."""
        self.torque = False
        for name in self.names:
            self._switch(name, 0)

    def close(self) -> None:
        """Leave the arm: its servos hold their last goals."""
        self._bus.close()

    def step(self, targets: Mapping[str, float], now_s: float) -> ArmReading | None:
        """Measure all joints, and lead each one step toward its target.

        The goals stay where they are while an answer is missing or a servo reports a fault. They are sent
        all the same: none is confirmed, and the next repairs a lost one.

        Args:
            targets: joint -> rad; other joints stay.
            now_s: monotonic time, s.

        Returns:
            The measurement; None: an answer was missing or implausible.

        Raises:
            PortError: the port is gone.
        """
        reading = self._measured(now_s)
        step_s = min(now_s - self._stepped_s, LONGEST_STEP_S)
        self._stepped_s = now_s
        if not self.torque:
            return reading
        if reading is not None and not reading.faults and step_s > 0.0:
            for name, target in targets.items():
                limits, goal = self._limits[name], self.goals[name]
                wanted = min(max(target, limits.lower), limits.upper)
                reach = limits.speed * step_s
                self.goals[name] = goal + min(max(wanted - goal, -reach), reach)
        self._send_goals()
        return reading

    def _measured(self, now_s: float) -> ArmReading | None:
        answers = self._bus.sync_read([*self._numbers.values()], STATE)
        states = {
            name: decoded_state(answers[number].data)
            for name, number in self._numbers.items()
            if number in answers
        }
        for name in [name for name, state in states.items() if not self._is_plausible(name, state, now_s)]:
            # One damaged answer of 256 has the right checksum.
            self._bus.troubles[WRONG] += 1
            del states[name]
        self._seen.update({name: (state.position, now_s) for name, state in states.items()})
        if len(states) < len(self.names):
            return None
        joints = [(self._servos[name], states[name]) for name in self.names]
        return ArmReading(
            np.array([servo.angle(state.position) for servo, state in joints]),
            np.array([state.velocity * RAD_PER_TICK for _, state in joints]),
            {name: states[name] for name in self.names},
        )

    def _is_plausible(self, name: str, state: ServoState, now_s: float) -> bool:
        if state.position not in ANY_POSITION or abs(state.velocity) > FASTEST:
            return False
        before, then_s = self._seen.get(name, (state.position, now_s))
        return abs(state.position - before) <= FASTEST * (now_s - then_s) + MARGIN

    def _send_goals(self) -> None:
        goals = {}
        for name, number in self._numbers.items():
            speed = math.ceil(
                self._limits[name].speed / RAD_PER_TICK
            )  # the servo's own limit; 0 would be none
            goals[number] = encoded_goal(
                self._servos[name].ticks(self.goals[name]), max(1, min(speed, FASTEST))
            )
        self._bus.sync_write(GOAL, goals)

    def _present_goal(self, name: str) -> float:
        holds = bool(self._read(name, TORQUE_ENABLE))
        return self._servos[name].angle(self._read(name, GOAL_POSITION if holds else PRESENT_POSITION))

    # The start

    def _check_present(self) -> None:
        silent = {}
        for name, number in self._numbers.items():
            try:
                self._attempt(partial(self._bus.ping, number))
            except AnswerError as error:
                silent[name] = str(error)
        if silent:
            why = "; ".join(f"{name}: {text}" for name, text in silent.items())
            raise AnswerError(
                f"{self._bus.name}: {why}; expected {len(self.names)} servos to answer: "
                "is the arm's power on, and each servo's cable plugged in?"
            )

    def _check_servo(self, name: str) -> None:
        servo = self._servos[name]
        model, mode = self._read(name, MODEL_NUMBER), self._read(name, OPERATING_MODE)
        if model != MODEL:
            raise DeviceError(f"{name}: got a servo of model {model}, expected {MODEL}, an STS3215")
        if mode != POSITION_MODE:
            raise DeviceError(
                f"{name}: got operating mode {mode}, expected {POSITION_MODE}, position; "
                "`lerobot-calibrate` sets it"
            )
        found = [self._read(name, register) for register in (HOMING_OFFSET, MIN_POSITION, MAX_POSITION)]
        if found != [servo.homing_offset, servo.low, servo.high]:
            raise DeviceError(
                f"{name}: got homing_offset, range_min and range_max {found} in the servo, expected "
                f"{[servo.homing_offset, servo.low, servo.high]} as in the calibration file: it is "
                "another arm's, or older; calibrate with `lerobot-calibrate`, or name the right file"
            )

    def _read(self, name: str, register: Register) -> int:
        number: int = self._attempt(partial(self._bus.read, self._numbers[name], register))
        return number

    def _switch(self, name: str, torque: int) -> None:
        self._attempt(partial(self._bus.write, self._numbers[name], TORQUE_ENABLE, torque))
        if (found := self._read(name, TORQUE_ENABLE)) != torque:
            raise DeviceError(f"{name}: torque: got {found}, expected {torque} after it was written")

    @staticmethod
    def _attempt(call: Callable[[], T]) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return call()
            except AnswerError:
                continue
        return call()
