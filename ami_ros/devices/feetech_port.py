# SPDX-License-Identifier: Apache-2.0
"""A serial port as the packet handler of feetech-servo-sdk uses it, in place of the SDK's own.

The SDK's port keeps late answers for the next request, waits 34 ms for each lost one with the processor busy,
measures with a clock that may be set, and reads noise for ever.
"""

from __future__ import annotations

import select
import time

import serial

LONGEST_DRAIN_S = 0.5  # noise never ends
MOST_BYTES = 1024  # of the answers to one request; more is noise


class FeetechPort:
    """An open port; the methods are those that the SDK calls.

    Args:
        name: path of the device.
        baud_rate: bits per second.
        answer_s: how long to wait for an answer.

    Attributes:
        is_using: set by the SDK while a request is under way.
        late: how often bytes of an earlier request were waiting when a new one began.

    Raises:
        OSError: it cannot be opened, or another process has it.
    """

    def __init__(self, name: str, baud_rate: int, answer_s: float) -> None:
        self.is_using = False
        self.late = 0
        self._answer_s = answer_s
        self._deadline = self._received = 0.0
        self._serial = serial.Serial(name, baud_rate, timeout=0, write_timeout=1.0, exclusive=True)

    def close(self) -> None:
        """Close the port."""
        self._serial.close()

    def clearPort(self) -> None:  # noqa: N802
        """Drop what has arrived: it answers an earlier request."""
        if self._serial.in_waiting:
            self.late += 1
            self._serial.reset_input_buffer()

    def drain(self) -> bool:
        """Drop what arrives until the line is quiet for the time of an answer; return whether any did."""
        some, until = False, time.monotonic() + LONGEST_DRAIN_S
        while time.monotonic() < until and self._has_bytes(self._answer_s):
            some = bool(self._serial.read(MOST_BYTES)) or some
        return some

    def writePort(self, packet: list[int]) -> int:  # noqa: N802
        """Send a packet; return how many bytes were sent."""
        return int(self._serial.write(bytes(packet)))

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Return up to `length` bytes that arrive until the deadline, or were there before."""
        if self._received > MOST_BYTES:
            return b""
        remaining = max(0.0, self._deadline - time.monotonic())
        data: bytes = self._serial.read(length) if self._has_bytes(remaining) else b""
        self._received += len(data)
        return data

    def wait_for_answer(self) -> None:
        """Start the time that an answer may take."""
        self._deadline, self._received = time.monotonic() + self._answer_s, 0

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Return whether no more is to be expected."""
        return self._received > MOST_BYTES or time.monotonic() > self._deadline

    def _has_bytes(self, within_s: float) -> bool:
        return bool(select.select([self._serial.fileno()], [], [], within_s)[0])
