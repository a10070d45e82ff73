# SPDX-License-Identifier: Apache-2.0
"""Servos that share one serial line: requests, answers, and what goes wrong with answers.

Half duplex, one request at a time, no number that pairs an answer with its request: what arrives late is
dropped before the next request.

Source: Feetech communication protocol; packets are built and checked by feetech-servo-sdk (`scservo_sdk`).
"""

from __future__ import annotations

import functools
import termios
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from ami_ros.devices.sts3215 import Register, faults_of
from ami_ros.errors import DeviceError

if TYPE_CHECKING:
    from ami_ros.devices.feetech_port import FeetechPort

P = ParamSpec("P")
R = TypeVar("R")
PING, READ, WRITE, SYNC_READ, SYNC_WRITE = 1, 2, 3, 0x82, 0x83
EVERYBODY = 254
LOST, LATE, DAMAGED, WRONG = TROUBLES = ("lost", "late", "damaged", "wrong")
_FRAME = 6  # bytes of an answer without parameters
_NUMBER, _STATUS, _PARAMETERS = 2, 4, 5  # places in an answer


class PortError(DeviceError):
    """The serial port is missing, taken or unplugged."""


class AnswerError(DeviceError):
    """A servo did not answer, or not as it should."""


class Answer(NamedTuple):
    """What a servo answered: the bytes, and the faults that it reports."""

    data: bytes
    faults: tuple[str, ...]


def _of_port(call: Callable[Concatenate[ServoBus, P], R]) -> Callable[Concatenate[ServoBus, P], R]:
    """Let a method raise PortError, and close the port, where the port is gone."""

    @functools.wraps(call)
    def run(bus: ServoBus, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(bus, *args, **kwargs)
        except (
            OSError,
            termios.error,
        ) as error:  # pyserial raises more than its own errors, which are OSErrors
            bus.close()
            raise PortError(f"{bus.name}: {error}; is the cable plugged in?") from error

    return cast("Callable[Concatenate[ServoBus, P], R]", run)


class ServoBus:
    """The servos behind one port.

    Args:
        name: path of the serial device.
        baud_rate: bits per second.
        answer_s: how long a request waits for its answers.

    Attributes:
        name: path of the serial device.
        troubles: how many answers were lost, late, damaged (checksum, length) or wrong (from another servo,
            of another length), by these names.
    """

    def __init__(self, name: str, baud_rate: int, answer_s: float) -> None:
        self.name, self._baud_rate, self._answer_s = name, baud_rate, answer_s
        self.troubles: Counter[str] = Counter()
        self._port: FeetechPort | None = None
        self._packets: Any = None
        self._owed = False  # answers of the last request are missing, and may still arrive

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    def open(self) -> None:
        """Open the port.

        Raises:
            PortError: it is missing or taken; names the ports that are there.
        """
        from scservo_sdk.protocol_packet_handler import protocol_packet_handler

        from ami_ros.devices.feetech_port import FeetechPort

        self.close()
        try:
            self._port = FeetechPort(self.name, self._baud_rate, self._answer_s)
        except (OSError, ValueError, termios.error) as error:
            raise PortError(f"{self.name}: {error}; serial ports here: {serial_ports() or 'none'}") from error
        self._packets = protocol_packet_handler()

    def close(self) -> None:
        """Close the port; the servos go on holding their goals."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    @_of_port
    def ping(self, number: int) -> None:
        """Ask a servo whether it is there. Raises AnswerError, PortError."""
        self._one(number, PING, b"", 0)

    @_of_port
    def read(self, number: int, register: Register) -> int:
        """Return the number in a register. Raises AnswerError, PortError."""
        answer = self._one(number, READ, bytes([register.address, register.size]), register.size)
        return register.decoded(answer.data)

    @_of_port
    def write(self, number: int, register: Register, value: int) -> None:
        """Write a register, and wait for the servo to confirm it. Raises AnswerError, PortError."""
        self._one(number, WRITE, bytes([register.address]) + register.encoded(value), 0)

    @_of_port
    def sync_read(self, numbers: Sequence[int], register: Register) -> dict[int, Answer]:
        """Read the same registers of several servos; the result lacks those without a valid answer.

        Raises:
            PortError: the port is gone.
        """
        self._send(EVERYBODY, SYNC_READ, bytes([register.address, register.size, *numbers]))
        return self._answers(numbers, register.size)

    @_of_port
    def sync_write(self, register: Register, values: Mapping[int, bytes]) -> None:
        """Write the same registers (bytes) of several servos; none confirms it. Raises PortError."""
        each = b"".join(bytes([number]) + data for number, data in values.items())
        self._send(EVERYBODY, SYNC_WRITE, bytes([register.address, register.size]) + each)
        self._opened().is_using = False

    def _one(self, number: int, instruction: int, parameters: bytes, size: int) -> Answer:
        before = self.troubles.copy()
        if self._owed:  # an answer to another request, of the same length, would pass for this one's
            self.troubles[LATE] += self._opened().drain()
        self._send(number, instruction, parameters)
        found = self._answers([number], size)
        if number not in found:
            new = self.troubles - before
            what = next((kind for kind in (DAMAGED, WRONG) if new[kind]), LOST)
            raise AnswerError(f"servo {number}: {what} answer, within {self._answer_s * 1e3:.0f} ms")
        return found[number]

    def _opened(self) -> FeetechPort:
        if self._port is None:
            raise PortError(f"{self.name}: not open")
        return self._port

    def _send(self, number: int, instruction: int, parameters: bytes) -> None:
        port = self._opened()
        port.is_using = False
        # The handler fills in the header and the checksum.
        packet = [0, 0, number, len(parameters) + 2, instruction, *parameters, 0]
        late = port.late
        result = self._packets.txPacket(port, packet)
        self.troubles[LATE] += port.late - late
        if result != 0:
            raise OSError(self._packets.getTxRxResult(result))
        port.wait_for_answer()

    def _answers(self, numbers: Sequence[int], size: int) -> dict[int, Answer]:
        port, waiting = self._opened(), set(numbers)
        found: dict[int, Answer] = {}
        bad = 0
        while waiting:
            packet, result = self._packets.rxPacket(port)
            if result != 0:
                # A packet cut short ends the wait; one with a wrong checksum does not.
                bad += bool(packet)
                self.troubles[DAMAGED] += bool(packet)
                if port.isPacketTimeout():
                    break
            elif packet[_NUMBER] in waiting and len(packet) == _FRAME + size:
                data = bytes(packet[_PARAMETERS : _PARAMETERS + size])
                found[packet[_NUMBER]] = Answer(data, faults_of(packet[_STATUS]))
                waiting.remove(packet[_NUMBER])
            else:
                bad += 1
                self.troubles[WRONG] += 1
        self._owed = bool(waiting)
        self.troubles[LOST] += max(0, len(waiting) - bad)
        return found


def serial_ports() -> list[str]:
    """Return the serial devices of this machine: path, and what it calls itself."""
    from serial.tools.list_ports import comports

    return [f"{port.device} ({port.description})" for port in sorted(comports())]
