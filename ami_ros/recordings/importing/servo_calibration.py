# SPDX-License-Identifier: Apache-2.0
"""Angles of servos from recorded percentages or ticks, by the calibration file of lerobot.

Source: lerobot 0.4, `MotorsBus._normalize`; RANGE_0_100 is that of grippers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ami_ros.devices.servo_calibration import RAD_PER_TICK, Servo, read_servos
from ami_ros.errors import ConfigError

GRIPPER = "gripper"  # its percentages begin at 0; those of other motors at -100


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
        rad, span = RAD_PER_TICK, servo.high - servo.low
        if self.ticks:
            return rad, -servo.middle * rad
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
    try:
        return ServoCalibration(path, read_servos(path), ticks)
    except ConfigError as error:
        raise ConfigError(f"--calibration: {error}") from error
