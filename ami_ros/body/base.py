# SPDX-License-Identifier: Apache-2.0
"""The part of a body that drives: what measures its pose, how large it is, and where it must stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ami_ros.body.polygon import crosses_itself
from ami_ros.body.sensors import Sensor, VectorSensor
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting
from ami_ros.types import FloatArray

POSE = {"x": "m", "y": "m", "yaw": "rad"}
LARGEST = 1e6  # m


@dataclass(frozen=True, eq=False)
class Base:
    """A body that drives in the plane.

    Attributes:
        radius: of a circle around all its parts, centred on the origin of its frame, m.
        sensor: name of the sensor that measures its pose; "" where none does.
        columns: of x, y and yaw in the readings of that sensor.
        keep_in: (N, 2) corners of the area that the circle stays in, m, in the frame of the pose; None is
            anywhere.
    """

    radius: float
    sensor: str = ""
    columns: tuple[int, ...] = ()
    keep_in: FloatArray | None = None

    def pose(self, values: FloatArray) -> FloatArray:
        """Return x, y (m) and yaw (rad) of a reading of `sensor` (3,)."""
        pose: FloatArray = values[list(self.columns)]
        return pose


@dataclass(frozen=True)
class _BaseSection:
    """The keys of the section, before they are checked against each other."""

    radius: float = setting("radius of a circle around the footprint", gt=0.0, le=100.0, unit="m")
    pose: str = setting("sensor that measures x, y and yaw; empty: none")
    keep_in: list = setting("corners [x, y] of the area that the circle stays in; []: anywhere")  # type: ignore[type-arg]


def read_base(section: Any, sensors: Mapping[str, Sensor], where: str) -> Base:
    """Return the base of a robot's YAML, from the section that messages name as `where`.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: no sensor measures the pose for the gate, or the corners make no area.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: got {shown(section)}, expected a mapping of settings")
    raw = load_settings(_BaseSection, {"pose": "", "keep_in": [], **section}, where=where)
    keep_in = _area(raw.keep_in, f"{where}.keep_in") if raw.keep_in else None
    if not raw.pose:
        if keep_in is not None:
            raise EmbodimentError(
                f"{where}.pose: got nothing, expected the sensor that measures the base's pose for keep_in: "
                f"one of {_able(sensors)}"
            )
        return Base(raw.radius)
    sensor = sensors.get(raw.pose)
    if raw.pose not in _able(sensors) or not isinstance(sensor, VectorSensor):
        raise EmbodimentError(
            f"{where}.pose: got {shown(raw.pose)}, expected a sensor that is used_by the gate and has the "
            f"values {POSE}: one of {_able(sensors)}"
        )
    columns = tuple(sensor.values.index(pair) for pair in POSE.items())
    return Base(raw.radius, raw.pose, columns, keep_in)


def _able(sensors: Mapping[str, Sensor]) -> list[str]:
    """Return the names of the sensors that measure a pose for the gate."""
    return [
        name
        for name, sensor in sensors.items()
        if isinstance(sensor, VectorSensor)
        and set(POSE.items()) <= set(sensor.values)
        and not sensor.is_joints
        and "gate" in sensor.used_by
    ]


def _area(corners: list[Any], here: str) -> FloatArray:
    expected = "expected at least three corners [x, y] in m, whose edges do not cross"
    pairs = [tuple(corner) if isinstance(corner, (list, tuple)) else () for corner in corners]
    fine = all(
        len(pair) == 2 and all(type(v) in (int, float) and abs(v) < LARGEST for v in pair) for pair in pairs
    )
    if not fine or len(set(pairs)) != len(pairs) or len(pairs) < 3:
        raise EmbodimentError(f"{here}: got {shown(corners)}, {expected}")
    polygon = np.array(pairs, dtype=np.float64)
    following = np.roll(polygon, -1, axis=0)
    # Source: shoelace formula.
    size = 0.5 * abs(float((polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]).sum()))
    if size < 1e-9 or crosses_itself(polygon):
        raise EmbodimentError(f"{here}: got {shown(corners)} with {size:.3g} m^2, {expected}")
    polygon.setflags(write=False)
    return polygon
