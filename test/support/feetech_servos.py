# SPDX-License-Identifier: Apache-2.0
"""Feetech STS3215 servos behind a pseudo-terminal, byte by byte, with faults; written from the protocol, not from the driver.

Source: Feetech communication protocol (FF FF id length instruction parameters checksum) and STS3215 memory table.
"""

from __future__ import annotations

import json
import os
import select
import threading
import time
import tty
from collections import Counter
from pathlib import Path

MOTORS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
# Of each motor: all numbers differ, so that none passes for another.
OFFSETS = (-85, 120, 1044, -972, 33, 410)
LOWS = (740, 830, 860, 905, 150, 2030)
HIGHS = (3410, 3260, 3090, 3215, 3990, 3510)
STARTS = (2100, 1990, 2050, 1900, 2200, 2500)
TORQUE, GOAL, SPEED, PRESENT, LOAD, VOLTAGE, TEMPERATURE, STATUS = 40, 42, 46, 56, 60, 62, 63, 65
OVERLOAD = 32
PING, READ, WRITE, SYNC_READ, SYNC_WRITE = 1, 2, 3, 0x82, 0x83


def checksum(body: bytes) -> int:
    return ~sum(body) & 0xFF


class Registers:
    """The memory of one servo; with its torque on it moves to its goal, no faster than told."""

    def __init__(self, index: int) -> None:
        self.memory = bytearray(256)
        self.put(3, 777, 2), self.put(5, index + 1, 1)
        self.put(9, LOWS[index], 2), self.put(11, HIGHS[index], 2)
        self.put(31, OFFSETS[index] if OFFSETS[index] >= 0 else -OFFSETS[index] | 1 << 11, 2)
        self.put(PRESENT, STARTS[index], 2), self.put(GOAL, 3000, 2)
        self.put(VOLTAGE, 74, 1), self.put(TEMPERATURE, 31 + index, 1)
        self.fastest = 0.0  # ticks/s that it was allowed
        self._position, self._moved_s = float(STARTS[index]), time.monotonic()

    def put(self, address: int, value: int, size: int) -> None:
        self.memory[address : address + size] = value.to_bytes(size, "little")

    def get(self, address: int, size: int) -> int:
        return int.from_bytes(self.memory[address : address + size], "little")

    def move(self) -> None:
        now_s, before = time.monotonic(), self._position
        passed_s, self._moved_s = now_s - self._moved_s, now_s
        if self.get(TORQUE, 1):
            reach = (self.get(SPEED, 2) or 4000) * passed_s
            goal = min(max(self.get(GOAL, 2), self.get(9, 2)), self.get(11, 2))
            self._position += min(max(goal - before, -reach), reach)
        speed = round(abs(self._position - before) / passed_s) if passed_s > 1e-4 else 0
        self.put(PRESENT, round(self._position), 2)
        self.put(58, min(speed, 3900) | (1 << 15 if self._position < before else 0), 2)


class FeetechServos:
    """Six servos of an arm behind `path`, a link to a pseudo-terminal.

    Attributes:
        faults: (kind, id) -> answers still to spoil; kinds: lost, late, damaged, short, wrong.
        requests: how many of each instruction arrived.
        spoilt: how many answers were.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.servos = {index + 1: Registers(index) for index in range(len(MOTORS))}
        self.faults: Counter[tuple[str, int]] = Counter()
        self.requests: Counter[int] = Counter()
        self.writes: list[tuple[int, int, bytes]] = []
        self.spoilt: Counter[str] = Counter()
        self.late_s = 0.05
        self._lock = threading.Lock()
        self._owed: list[tuple[float, bytes]] = []
        self._master = -1
        self._ends = threading.Event()
        self.plug_in()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def plug_in(self) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        with self._lock:
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(name)
            self._master, self._slave = master, slave

    def unplug(self) -> None:
        with self._lock:
            os.close(self._slave), os.close(self._master)
            self._master = -1
            self.path.unlink()

    def power_off(self) -> None:
        """Forget what is in RAM: torque, goal."""
        for servo in self.servos.values():
            servo.put(TORQUE, 0, 1), servo.put(GOAL, 3000, 2), servo.put(SPEED, 0, 2)

    def torques(self) -> list[int]:
        return [servo.get(TORQUE, 1) for servo in self.servos.values()]

    def close(self) -> None:
        self._ends.set()
        self._thread.join()
        if self._master >= 0:
            self.unplug()

    def calibration(self, path: Path) -> Path:
        """Write lerobot's file of this arm."""
        motors = {
            name: {
                "id": i + 1,
                "drive_mode": 0,
                "homing_offset": OFFSETS[i],
                "range_min": LOWS[i],
                "range_max": HIGHS[i],
            }
            for i, name in enumerate(MOTORS)
        }
        path.write_text(json.dumps(motors))
        return path

    def _run(self) -> None:
        received = b""
        while not self._ends.is_set():
            with self._lock:
                if self._master < 0:
                    received = b""
                elif select.select([self._master], [], [], 0.0)[0]:
                    try:
                        received += os.read(self._master, 4096)
                    except OSError:
                        received = b""
                    received = self._obey(received)
                due = [data for at, data in self._owed if at <= time.monotonic()]
                self._owed = [(at, data) for at, data in self._owed if at > time.monotonic()]
                if due and self._master >= 0:
                    os.write(self._master, b"".join(due))
                for servo in self.servos.values():
                    servo.move()
            time.sleep(0.001)

    def _obey(self, data: bytes) -> bytes:
        while len(data) >= 4:
            if data[:2] != b"\xff\xff":
                data = data[1:]
                continue
            size = data[3] + 4
            if len(data) < size:
                break
            packet, data = data[:size], data[size:]
            if checksum(packet[2:-1]) == packet[-1]:
                self._answer_to(packet[2], packet[4], packet[5:-1])
        return data

    def _answer_to(self, number: int, instruction: int, parameters: bytes) -> None:
        self.requests[instruction] += 1
        if instruction == SYNC_READ:
            address, size, *numbers = parameters
            self._send(
                [
                    (one, self.servos[one].memory[address : address + size])
                    for one in numbers
                    if one in self.servos
                ]
            )
        elif instruction == SYNC_WRITE:
            address, size, *rest = parameters
            for start in range(0, len(rest), size + 1):
                self._write(rest[start], address, bytes(rest[start + 1 : start + 1 + size]))
        elif number in self.servos:
            if instruction == READ:
                address, size = parameters
                self._send([(number, self.servos[number].memory[address : address + size])])
            elif instruction == WRITE:
                self._write(number, parameters[0], parameters[1:])
                self._send([(number, b"")])
            elif instruction == PING:
                self._send([(number, b"")])

    def _write(self, number: int, address: int, data: bytes) -> None:
        if number in self.servos:
            self.servos[number].memory[address : address + len(data)] = data
            self.writes.append((number, address, data))

    def _send(self, answers: list[tuple[int, bytes]]) -> None:
        for number, data in answers:
            body = bytes([number, len(data) + 2, self.servos[number].get(STATUS, 1), *data])
            packet = b"\xff\xff" + body + bytes([checksum(body)])
            kind = next((kind for (kind, one), left in self.faults.items() if one == number and left), None)
            if kind is not None:
                self.faults[kind, number] -= 1
                self.spoilt[kind] += 1
            if kind == "lost":
                continue
            if kind == "late":
                self._owed.append((time.monotonic() + self.late_s, packet))
                continue
            if kind == "damaged":
                packet = packet[:-1] + bytes([packet[-1] ^ 0x10])
            if kind == "short":
                packet = packet[:-2]
            if kind == "wrong":
                other = bytes([200, *body[1:]])
                packet = b"\xff\xff" + other + bytes([checksum(other)])
            os.write(self._master, packet)
