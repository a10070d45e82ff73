# SPDX-License-Identifier: Apache-2.0
"""Which columns of a LeRobotDataset hold which sensor, and which ones hold actions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ConfigError, shown
from ami_ros.recordings.importing.roles import COMMANDS, RECORDED
from ami_ros.recordings.importing.servo_calibration import ServoCalibration
from ami_ros.recordings.lerobot.features import MOST_SHOWN, DatasetInfo, Feature
from ami_ros.recordings.lerobot.layout import IMAGES, STATE, STATES
from ami_ros.recordings.lerobot.robot_features import (
    POSITION,
    SUFFIXES,
    action_names,
    camera_name,
    state_names,
)
from ami_ros.types import FloatArray

DEGREES = {"rad": "deg", "rad/s": "deg/s"}


@dataclass(frozen=True, eq=False)
class Columns:
    """Numbers of one feature that belong to a sensor or an action.

    Attributes:
        feature: its name.
        places: (n,) indices of the numbers, in our order.
        factors: (n,) from its units to ours.
        offsets: (n,) in our units, to add; 0 unless a servo's calibration says where its middle is.
    """

    feature: str
    places: Sequence[int]
    factors: FloatArray
    offsets: FloatArray

    def of(self, numbers: FloatArray) -> FloatArray:
        """Return our numbers (N, n), from those of the feature (N, size)."""
        values: FloatArray = numbers[:, list(self.places)] * self.factors + self.offsets
        return values


@dataclass(frozen=True, eq=False)
class LeRobotRoles:
    """Columns by role.

    Attributes:
        cameras: camera -> feature with its pictures.
        vectors: sensor -> its numbers; for joints possibly only positions.
        actions: of the robot's channels; None if there are none.
        commands: position commands of the commanded joints; None if there are none.
        notes: what was assumed, for people.
    """

    cameras: Mapping[str, str]
    vectors: Mapping[str, Columns]
    actions: Columns | None
    commands: Columns | None
    notes: Sequence[str]

    @property
    def features(self) -> list[str]:
        """Names of all required features, without videos."""
        numbers = [*self.vectors.values(), self.actions, self.commands]
        return list(dict.fromkeys(columns.feature for columns in numbers if columns is not None))


class RoleFinder:
    """Finds a robot's sensors and channels among the features of a data set.

    Args:
        spec: the robot.
        info: description of the data set.
        given: sensor, RECORDED or COMMANDS -> its FEATURE or FEATURE:COLUMNS; columns by name or number, as
            in "observation.state:0-6", or by pattern, as in "observation.state:right*".
        degrees: angles without a unit are in degrees.
        calibration: of servos: angles are percentages of their ranges, or ticks; None if they are not.
    """

    def __init__(
        self,
        spec: RobotSpec,
        info: DatasetInfo,
        given: Mapping[str, str],
        degrees: bool,
        calibration: ServoCalibration | None = None,
    ) -> None:
        self._spec, self._info, self._given, self._degrees = spec, info, given, degrees
        self._calibration = calibration

    def find(self) -> LeRobotRoles:
        """Return the columns of each role.

        Raises:
            ConfigError: a sensor is missing, or `given` does not fit; lists what there is.
        """
        spec = self._spec
        if unknown := sorted(set(self._given) - {*spec.sensors, RECORDED, COMMANDS}):
            expected = [*spec.sensors, RECORDED, COMMANDS]
            raise ConfigError(f"--feature: got {unknown}, expected some of {expected}")
        cameras = {image.name: self._camera(image.name) for image in spec.images}
        vectors = {sensor.name: self._vector(sensor) for sensor in spec.vectors}
        notes: list[str] = []
        actions, commands = self._actions(), self._commands()
        if actions is None and commands is None and (there := self._info.action) is not None:
            hint = f"--feature {RECORDED}={there.name} or --feature {COMMANDS}={there.name}:COLUMNS"
            notes.append(
                f"{there} is neither the robot's channels {list(action_names(spec))} nor positions of "
                f"{list(spec.command_names)}: actions are derived from motion; to use it, pass {hint}"
            )
        return LeRobotRoles(cameras, vectors, actions, commands, notes)

    def _camera(self, name: str) -> str:
        there = [feature.name for feature in self._info.features.values() if feature.is_picture]
        if (given := self._given.get(name)) is not None:
            if given not in there:
                raise ConfigError(f"--feature {name}: got {given}, expected one of {there}")
            return given
        named = [feature for feature in there if camera_name(feature) == name]
        if f"{IMAGES}{name}" in there or len(named) == 1:
            return f"{IMAGES}{name}" if f"{IMAGES}{name}" in there else named[0]
        if len(there) == len(self._spec.images) == 1:
            return there[0]
        raise self._missing(
            name, f"pictures, such as {IMAGES}{name}", there[0] if there else f"{IMAGES}{name}"
        )

    def _vector(self, sensor: VectorSensor) -> Columns:
        half = sensor.size // 2
        sizes = (sensor.size, half) if sensor.is_joints else (sensor.size,)
        if sensor.name in self._given:
            return self._told(sensor.name, sizes, state_names(sensor), sensor.units)
        wanted = [state_names(sensor)]
        wanted += [wanted[0][:half]] if sensor.is_joints else []
        wanted += [sensor.names]
        states = self._state_features()
        for names in wanted:
            fitting = [feature for feature in states if set(names) <= feature.columns.keys()]
            if len(fitting) > 1 and fitting[0].name not in STATES:
                there = [feature.name for feature in fitting[:MOST_SHOWN]]
                raise ConfigError(
                    f"{sensor.name}: got columns {list(names)} in {there}, expected them in one feature; "
                    f"choose with --feature {sensor.name}={there[0]}"
                )
            if fitting:
                return self._columns(fitting[0], _places(sensor.name, fitting[0], names), sensor.units)
        raise self._missing(
            sensor.name,
            f"columns {list(sensor.names)}, with or without {POSITION}",
            f"{states[0].name if states else STATE}:0-{len(sensor.names) - 1}",
        )

    def _actions(self) -> Columns | None:
        spec = self._spec
        names, units = action_names(spec), tuple(channel.unit for channel in spec.actions.channels)
        if RECORDED in self._given:
            return self._told(RECORDED, (len(names),), names, units)
        feature = self._info.action
        # A bare name means a position: most robots of lerobot take position commands.
        bare = [spec.actions.names] if all(SUFFIXES[meaning] == POSITION for meaning in spec.meanings) else []
        for wanted in (names, *bare):
            if feature is not None and feature.size and set(wanted) <= feature.columns.keys():
                return self._columns(feature, _places(RECORDED, feature, wanted), units)
        return None

    def _commands(self) -> Columns | None:
        """Return the position commands of joints."""
        spec = self._spec
        told = COMMANDS in self._given
        if len(spec.groups) > 1 or not spec.arms or spec.output.of.vector == "velocity":
            if told:
                raise ConfigError(
                    f"--feature {COMMANDS}: {spec.name} does not take joint positions as commands"
                )
            return None
        names = spec.command_names
        (joints,) = (sensor for sensor in spec.vectors if sensor.name == spec.joint_sensor)
        units = joints.units[: len(names)]
        if told:
            return self._told(COMMANDS, (len(names),), tuple(f"{name}{POSITION}" for name in names), units)
        feature = self._info.action
        for wanted in (tuple(f"{name}{POSITION}" for name in names), names):
            if feature is not None and feature.size and set(wanted) <= feature.columns.keys():
                return self._columns(feature, _places(COMMANDS, feature, wanted), units)
        return None

    def _state_features(self) -> list[Feature]:
        """Return the features that may be measurements, the usual one first."""
        found = [f for f in self._info.features.values() if f.size]
        found = [f for f in found if f.name.startswith("observation") or f.name in STATES]
        return sorted(found, key=lambda feature: feature != self._info.state)

    def _told(self, role: str, sizes: Sequence[int], names: Sequence[str], units: Sequence[str]) -> Columns:
        """Return the columns given for a role; for a feature alone, those with the role's names, or all."""
        name, _, texts = self._given[role].partition(":")
        feature = self._info.features.get(name)
        if feature is None or not feature.size:
            raise ConfigError(f"--feature {role}: got {name}, expected one of: {self._info.listed}")
        if texts:
            places = [place for text in texts.split(",") for place in _parse(role, feature, text)]
        elif fitting := [names[:size] for size in sizes if set(names[:size]) <= feature.columns.keys()]:
            places = _places(role, feature, fitting[0])
        else:
            places = list(range(feature.size))
        if len(places) not in sizes:
            expected = " or ".join(map(str, sorted(sizes)))
            raise ConfigError(
                f"--feature {role}: got {len(places)} columns of {feature}, expected {expected}: "
                f"{list(names[: min(sizes)])}; choose them as in {role}={name}:0-{min(sizes) - 1}"
            )
        return self._columns(feature, places, units)

    def _columns(self, feature: Feature, places: Sequence[int], units: Sequence[str]) -> Columns:
        factors, offsets = [], []
        for place, unit in zip(places, units, strict=False):
            given = feature.units[place] if len(feature.units) == feature.size else ""
            in_degrees = given == DEGREES.get(unit, "?") or (self._degrees and not given and unit in DEGREES)
            if given and given != unit and not in_degrees:
                raise ConfigError(f"{feature.name}: column {place}: got unit {given!r}, expected {unit!r}")
            factor, offset = math.pi / 180.0 if in_degrees else 1.0, 0.0
            if self._calibration is not None and not given and unit == "rad":
                factor, offset = self._calibration.to_rad(feature.labels[place])
            factors.append(factor)
            offsets.append(offset)
        return Columns(feature.name, places, np.array(factors), np.array(offsets))

    def _missing(self, role: str, expected: str, example: str) -> ConfigError:
        return ConfigError(
            f"got no feature of {role}, expected {expected}; name it with --feature {role}={example}, or let "
            f"ami-ros new-robot write a robot with what there is. Available: {self._info.listed}"
        )


def _places(role: str, feature: Feature, names: Sequence[str]) -> list[int]:
    """Return the columns with these names. Raises ConfigError: several have the same name."""
    if twice := [name for name in names if len(feature.columns[name]) > 1]:
        where = {name: list(feature.columns[name]) for name in twice}
        first = feature.columns[names[0]][0]
        raise ConfigError(
            f"{role}: got columns of {feature.name} that share a name: {shown(where)}, expected each name "
            f"once; choose by number, as in --feature {role}={feature.name}:{first}-{first + len(names) - 1}"
        )
    return [feature.columns[name][0] for name in names]


def _parse(role: str, feature: Feature, text: str) -> list[int]:
    """Return the columns of a number, a range such as 0-6, a name, or a pattern such as right*."""
    numbers = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
    if numbers is not None:
        begin, end = int(numbers[1]), int(numbers[2] or numbers[1])
        if begin <= end < feature.size:
            return list(range(begin, end + 1))
    elif text in feature.columns:
        return _places(role, feature, [text])
    elif fitting := [place for place, name in enumerate(feature.labels) if fnmatchcase(name, text)]:
        return fitting
    raise ConfigError(
        f"--feature {role}: got column {text!r}, expected a name, a pattern such as right*, "
        f"or 0 to {feature.size - 1} of {feature}"
    )
