# SPDX-License-Identifier: Apache-2.0
"""The part of a body that grasps: what measures its opening, how hard it presses, and how it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.body.sensors import Sensor, VectorSensor
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class Gripper:
    """Channels that close on things: commands press further than the fingers get.

    Attributes:
        sensor: name of the sensor that measures every channel.
        columns: of the channels (C,) in its readings.
        force: largest force of a finger, N, or torque of a jaw, N m.
        press: how far below its measured value a command of a channel presses, in the unit of the channels.
        width_per_unit: m between the fingertips per unit of a channel above its low end; 0 if not known.
    """

    sensor: str
    columns: tuple[int, ...]
    force: float
    press: float
    width_per_unit: float = 0.0

    def opening(self, values: FloatArray) -> FloatArray:
        """Return the channels (C,) of a reading of `sensor`, in their units."""
        opening: FloatArray = values[list(self.columns)]
        return opening

    def pressing(self, opening: FloatArray, low: FloatArray) -> FloatArray:
        """Return the commands (C,) that keep hold of what the fingers may have between them.

        Args:
            opening: (C,) measured.
            low: (C,) least commands.
        """
        return np.maximum(opening - self.press, low)


@dataclass(frozen=True)
class _GripperSection:
    """The keys of the section, before they are checked against each other."""

    sensor: str = setting("sensor that measures the channels")
    force: float = setting("largest force of a finger or torque of a jaw", gt=0.0, le=10_000.0, unit="N|N m")
    press: float = setting("how far below the measured opening a command presses", gt=0.0, le=10.0)
    width_per_unit: float = setting(
        "width between fingertips per unit of a channel above its low end; 0: not known",
        ge=0.0,
        le=10.0,
        unit="m",
    )


def read_gripper(section: Any, sensors: Mapping[str, Sensor], actions: ActionSpec, where: str) -> Gripper:
    """Return the gripper of a robot's YAML.

    Args:
        section: of the YAML.
        sensors: by name.
        actions: of its group.
        where: name of the section in messages.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: no sensor measures its channels for the gate, or a channel has no speed limit.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: got {shown(section)}, expected a mapping of settings")
    wanted = {channel.name: channel.unit for channel in actions.channels}
    per_unit = 1.0 if set(wanted.values()) == {"m"} else Gripper.width_per_unit
    raw = load_settings(_GripperSection, {"width_per_unit": per_unit, **section}, where=where)
    able = [name for name, sensor in sensors.items() if _measures(sensor, wanted)]
    sensor = sensors.get(raw.sensor)
    if raw.sensor not in able or not isinstance(sensor, VectorSensor):
        raise EmbodimentError(
            f"{where}.sensor: got {shown(raw.sensor)}, expected a sensor that is used_by the gate and has "
            f"the values {wanted}: one of {able}"
        )
    if unlimited := [channel.name for channel in actions.channels if channel.velocity is None]:
        raise EmbodimentError(
            f"{where}: got channels {unlimited} without velocity, expected the largest speed of each"
        )
    columns = tuple(sensor.values.index(pair) for pair in wanted.items())
    return Gripper(raw.sensor, columns, raw.force, raw.press, raw.width_per_unit)


def _measures(sensor: Sensor, wanted: Mapping[str, str]) -> bool:
    """Return whether a sensor measures channels, by name with unit, for the gate."""
    return (
        isinstance(sensor, VectorSensor)
        and not sensor.is_joints
        and set(wanted.items()) <= set(sensor.values)
        and "gate" in sensor.used_by
    )
