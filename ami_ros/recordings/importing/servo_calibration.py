# SPDX-License-Identifier: Apache-2.0
"""Angles of servos from percentages or ticks, by the calibration file that lerobot writes for an arm.

Zero is the middle of each servo's range, as in lerobot's own degrees.

Source: lerobot 0.4, `MotorsBus._normalize`; RANGE_0_100 is that of grippers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from ami_ros.errors import ConfigError, shown
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.regular_file import read_regular

TICKS = 4096  # of a turn, of the servos that lerobot's arms have (Feetech STS3215, Dynamixel XL330 and XL430)
MOST_TICKS = 2**31
MOST_BYTES = 2**18
GRIPPER = "gripper"  # its percentages begin at 0; those of other motors at -100
KEYS = ("drive_mode", "range_min", "range_max")


@dataclass(frozen=True)
class Servo:
    """One motor.

    Attributes:
        low: ticks at one end of its range.
        high: ticks at the other.
        turned: whether its percentages run the other way (drive_mode 1).
    """

    low: int
    high: int
    turned: bool


@dataclass(frozen=True)
class ServoCalibration:
    """Calibration of the motors of an arm.

    Attributes:
        path: of its file.
        servos: by the motor's name.
        ticks: positions are ticks, not percentages.
    """

    path: Path
    servos: Mapping[str, Servo]
    ticks: bool

    def to_rad(self, column: str) -> tuple[float, float]:
        """Return factor and offset (rad) that turn a column of this name into an angle.

        Raises:
            ConfigError: the file has no such motor.
        """
        name = column.rpartition(".")[0] or column  # waist.pos is that of motor waist
        servo = self.servos.get(column) or self.servos.get(name)
        if servo is None:
            raise ConfigError(
                f"{self.path}: got motors {list(self.servos)}, expected also {name}; its name is that of the "
                "column, with or without .pos"
            )
        rad, span = 2.0 * math.pi / (TICKS - 1), servo.high - servo.low
        if self.ticks:
            return rad, -0.5 * (servo.low + servo.high) * rad
        sign = -1.0 if servo.turned else 1.0
        if GRIPPER in name:  # 0 to 100
            return sign * span / 100.0 * rad, -0.5 * sign * span * rad
        return sign * span / 200.0 * rad, 0.0


def read_calibration(path: Path, ticks: bool) -> ServoCalibration:
    """Read the JSON that lerobot writes to ~/.cache/huggingface/lerobot/calibration.

    Args:
        path: of the file.
        ticks: positions are ticks, not percentages.

    Raises:
        ConfigError: it cannot be read, or is another kind of file.
    """
    form = "motor: {id, drive_mode, homing_offset, range_min, range_max} for each motor, as lerobot writes it"
    try:
        found = parse_json(read_regular(path, MOST_BYTES))
        if not isinstance(found, dict) or not found:
            raise ValueError(f"got {shown(found)}")
        return ServoCalibration(path, {name: _servo(name, about) for name, about in found.items()}, ticks)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"--calibration: {path}: {why}; expected {form}") from error


def _servo(name: str, about: Any) -> Servo:
    given = about if isinstance(about, dict) else {}
    turned, low, high = (given.get(key) for key in KEYS)
    if not (_is_whole(turned) and _is_whole(low) and _is_whole(high)):
        raise ValueError(f"{name}: got {shown(about)}")
    if not low < high or turned not in (0, 1):
        raise ValueError(f"{name}: got drive_mode {turned} and a range from {low} to {high}")
    return Servo(low, high, bool(turned))


def _is_whole(value: Any) -> TypeGuard[int]:
    return type(value) is int and abs(value) <= MOST_TICKS
