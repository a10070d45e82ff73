# SPDX-License-Identifier: Apache-2.0
"""A sensor that the gate watches: how old its readings may be, and for how long they may stay the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Band, ImageSensor
from ami_ros.errors import ConfigError

IMAGE, VECTOR, JOINT_STATES = KINDS = ("image", "vector", "joints")


@dataclass(frozen=True)
class WatchedSensor:
    """One sensor by name.

    Attributes:
        name: unique on the body.
        kind: ``image``, ``vector``, or ``joints`` for the one that measures where the channels are.
        max_age_s: an older reading holds the robot, by stamp and by arrival.
        freeze_s: readings that repeat to the last bit for longer hold it; None disables this. Images
            and joints are also judged by what moved meanwhile.
        envelope: (column, band) of each value that has a band.

    Raises:
        ConfigError: an unknown kind, or a time that is not finite and positive.
    """

    name: str
    kind: str
    max_age_s: float
    freeze_s: float | None = None
    envelope: tuple[tuple[int, Band], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"sensor {self.name}: kind: got {self.kind!r}, expected one of {list(KINDS)}")
        for name, value in (("max_age_s", self.max_age_s), ("freeze_s", self.freeze_s)):
            if value is not None and not (value > 0.0 and math.isfinite(value)):
                raise ConfigError(f"sensor {self.name}: {name}: got {value}, expected a positive time in s")

    def label_among(self, sensors: Sequence[WatchedSensor]) -> dict[str, str]:
        """Return what its reasons add to their numbers: its name, where its kind alone is ambiguous.

        Args:
            sensors: all sensors of the body.
        """
        alike = sum(other.kind == self.kind for other in sensors)
        return {} if alike == 1 and self.kind != VECTOR else {"sensor": self.name}


def watched_sensors(spec: RobotSpec) -> tuple[WatchedSensor, ...]:
    """Return the sensors of a robot that its YAML assigns to the gate; the joints first."""
    watched = []
    for sensor in spec.sensors.values():
        if "gate" not in sensor.used_by:
            continue
        if isinstance(sensor, ImageSensor):
            watched.append(WatchedSensor(sensor.name, IMAGE, sensor.max_age_s))
        else:
            kind = JOINT_STATES if sensor.name in spec.joint_sensors else VECTOR
            bands = tuple((sensor.names.index(band.value), band) for band in sensor.envelope)
            watched.append(WatchedSensor(sensor.name, kind, sensor.max_age_s, sensor.freeze_s, bands))
    return tuple(sorted(watched, key=lambda sensor: sensor.kind != JOINT_STATES))
