# SPDX-License-Identifier: Apache-2.0
"""The calibration file that lerobot writes for an arm, and the angles that ticks of its servos mean.

Zero is the middle of each servo's range, as in lerobot's own degrees; these do not know `drive_mode`.

Source: lerobot 0.4, `MotorsBus._normalize` and `MotorCalibration`.
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
RAD_PER_TICK = 2.0 * math.pi / (TICKS - 1)
MOST_TICKS = 2**31
MOST_BYTES = 2**18
KEYS = ("drive_mode", "range_min", "range_max")
FORM = "motor: {id, drive_mode, homing_offset, range_min, range_max} for each motor, as lerobot writes it"


@dataclass(frozen=True)
class Servo:
    """One motor.

    Attributes:
        low: ticks at one end of its range.
        high: ticks at the other.
        turned: whether its percentages run the other way (drive_mode 1).
        number: its address on the bus; None where the file has none.
        homing_offset: ticks that the servo itself subtracts; None where the file has none.
    """

    low: int
    high: int
    turned: bool
    number: int | None = None
    homing_offset: int | None = None

    @property
    def middle(self) -> float:
        """Ticks at angle zero."""
        return 0.5 * (self.low + self.high)

    def angle(self, ticks: float) -> float:
        """Return the angle at `ticks`, rad."""
        return (ticks - self.middle) * RAD_PER_TICK

    def ticks(self, angle: float) -> int:
        """Return the ticks nearest to `angle` in rad, within the range."""
        return min(max(round(self.middle + angle / RAD_PER_TICK), self.low), self.high)


def read_servos(path: Path) -> Mapping[str, Servo]:
    """Read the JSON that lerobot writes to ~/.cache/huggingface/lerobot/calibration; return motor -> servo.

    Raises:
        ConfigError: it cannot be read, or is another kind of file.
    """
    try:
        found = parse_json(read_regular(path, MOST_BYTES))
        if not isinstance(found, dict) or not found:
            raise ValueError(f"got {shown(found)}")
        return {name: _servo(name, about) for name, about in found.items()}
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: {why}; expected {FORM}") from error


def _servo(name: str, about: Any) -> Servo:
    given = about if isinstance(about, dict) else {}
    turned, low, high = (given.get(key) for key in KEYS)
    if not (_is_whole(turned) and _is_whole(low) and _is_whole(high)):
        raise ValueError(f"{name}: got {shown(about)}")
    if not low < high or turned not in (0, 1):
        raise ValueError(f"{name}: got drive_mode {turned} and a range from {low} to {high}")
    number, offset = (given[key] if _is_whole(given.get(key)) else None for key in ("id", "homing_offset"))
    return Servo(low, high, bool(turned), number, offset)


def _is_whole(value: Any) -> TypeGuard[int]:
    return type(value) is int and abs(value) <= MOST_TICKS
