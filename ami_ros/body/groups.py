# SPDX-License-Identifier: Apache-2.0
"""Groups of channels: an arm, a base, a gripper, valves. A robot is its sensors and its groups.

What differs between bodies is asked of a group: where its channels are measured, how it stands still, and
where commands begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ami_ros.body.actions import COMMANDED, ActionSpec, read_actions
from ami_ros.body.arm import Arm, read_arm
from ami_ros.body.base import Base, read_base
from ami_ros.body.gripper import Gripper, read_gripper
from ami_ros.body.limits import ChannelLimits
from ami_ros.body.outputs import Output, check_carries, read_output
from ami_ros.body.sensors import Sensor, VectorSensor
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting
from ami_ros.types import FloatArray, Observation

KEEP, REST = STANDSTILLS = ("keep", "rest")


@dataclass(frozen=True, eq=False)
class Group:
    """Channels with one meaning that one output carries; this class itself: set points.

    Attributes:
        name: of the group, unique in the robot.
        actions: what the planner may request of it; rate and block are the robot's.
        output: how its controller takes commands.
        stands_still: keep: a hold leaves the channels where they are, as a gripper keeps its grip. rest: it
            leads them to the `rest` of each channel, as valves that must close.
    """

    name: str
    actions: ActionSpec
    output: Output
    stands_still: str = field(default=KEEP, kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the commanded channels (C,)."""
        return self.actions.names

    @property
    def limits(self) -> ChannelLimits:
        """Limits of the commanded channels (C,)."""
        channels = self.actions.channels

        def column(name: str) -> FloatArray | None:
            values = [getattr(channel, name) for channel in channels]
            # Where only some are limited, the others have an infinite limit.
            given = [np.inf if value is None else value for value in values]
            return None if np.isinf(given).all() else np.array(given)

        arrays = {name: column(name) for name in ("velocity", "acceleration", "jerk")}
        return ChannelLimits(column("low"), column("high"), **arrays, effort=None)

    @property
    def home(self) -> FloatArray:
        """Values of the commanded channels (C,) that commands begin with."""
        return np.array([channel.rest for channel in self.actions.channels])

    @property
    def standstill(self) -> FloatArray | None:
        """Values (C,) that a hold leads to; None where it keeps any."""
        return self.home if self.stands_still == REST else None

    @property
    def joint_sensor(self) -> str:
        """Name of the sensor of joint states that measures the channels; "" where none does."""
        return ""

    @property
    def place_sensor(self) -> str:
        """Name of the sensor that measures where the body is; "" where none does."""
        return self.joint_sensor

    @property
    def own_sensors(self) -> tuple[str, ...]:
        """Names of the sensors that are this group's alone."""
        return tuple(
            {name: None for name in (self.joint_sensor, self.place_sensor, self.begin_sensor) if name}
        )

    @property
    def begin_sensor(self) -> str:
        """Name of the sensor that measures where the first commands begin; "" where that is `home`."""
        return ""

    def begins(self, observation: Observation) -> FloatArray:
        """Return the values (C,) with which the first proposal begins, where nothing measures its start."""
        return self.home

    def feedback(self, sensors: Mapping[str, Sensor]) -> tuple[str, list[int]]:
        """Return name and columns of the sensor that measures every channel; "" where none does."""
        wanted = [(channel.name, channel.unit) for channel in self.actions.channels]
        for sensor in sensors.values():
            if (
                isinstance(sensor, VectorSensor)
                and not sensor.is_joints
                and set(wanted) <= set(sensor.values)
            ):
                return sensor.name, [sensor.values.index(pair) for pair in wanted]
        return "", []

    def start_sensor(self, sensors: Mapping[str, Sensor]) -> str:
        """Return the sensor that measures where proposals start; "" where the last proposal decides."""
        return self.feedback(sensors)[0]

    def at_standstill(self, values: FloatArray) -> FloatArray:
        """Return the values (C,) of the channels once the body stands still; `values` (C,) are theirs now."""
        return values if self.standstill is None else self.standstill

    def readings_at_home(self) -> dict[str, FloatArray]:
        """Return the readings, by sensor, of joint states with the channels at home."""
        return {}


@dataclass(frozen=True, eq=False)
class ArmGroup(Group):
    """The joints of an arm: measured by joint states, they brake to stand still."""

    arm: Arm = field(kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the joints (J,)."""
        return self.arm.joint_names

    @property
    def limits(self) -> ChannelLimits:
        """Limits of the joints (J,)."""
        return self.arm.limits

    @property
    def home(self) -> FloatArray:
        """Rest posture (J,)."""
        return self.arm.home

    @property
    def joint_sensor(self) -> str:
        """Name of the sensor that measures the joints."""
        return self.arm.sensor

    def feedback(self, sensors: Mapping[str, Sensor]) -> tuple[str, list[int]]:
        """Return the sensor of the joints, and the columns of their positions."""
        return self.arm.sensor, list(range(len(self.arm.joint_names)))

    def readings_at_home(self) -> dict[str, FloatArray]:
        """Return the joint state of the arm at rest at home."""
        return {self.arm.sensor: np.concatenate([self.home, np.zeros_like(self.home)])}

    def position(self, observation: Observation) -> FloatArray:
        """Return the joint positions (J,) of an observation."""
        position: FloatArray = observation[self.arm.sensor].value[: len(self.arm.joint_names)]
        return position


@dataclass(frozen=True, eq=False)
class BaseGroup(Group):
    """The velocities of a base: it stops to stand still, and its place is a pose, not its channels."""

    base: Base | None = field(default=None, kw_only=True)

    @property
    def standstill(self) -> FloatArray:
        """Zero velocities (C,)."""
        return np.zeros(self.actions.size)

    def start_sensor(self, sensors: Mapping[str, Sensor]) -> str:
        """Return "": odometry lags behind, so the last proposal decides."""
        return ""

    @property
    def place_sensor(self) -> str:
        """Name of the sensor of the pose; "" where none measures it."""
        return "" if self.base is None else self.base.sensor


@dataclass(frozen=True, eq=False)
class GripperGroup(Group):
    """The fingers of a gripper: measured, but a command that grips is never reached, so it stays in force."""

    gripper: Gripper = field(kw_only=True)

    def start_sensor(self, sensors: Mapping[str, Sensor]) -> str:
        """Return "": a proposal that began at the measured opening would let go of what is held."""
        return ""

    @property
    def begin_sensor(self) -> str:
        """Name of the sensor of the opening."""
        return self.gripper.sensor

    def begins(self, observation: Observation) -> FloatArray:
        """Return commands (C,) that press on what the fingers may hold already; `home` if unmeasured."""
        reading = observation.readings.get(self.gripper.sensor)
        if reading is None:
            return self.home
        pressing = self.gripper.pressing(self.gripper.opening(reading.value), self.actions.low)
        return np.minimum(pressing, self.actions.high)


@dataclass(frozen=True)
class _GroupSection:
    """The keys of one group, before they are checked against each other."""

    meaning: str = setting("meaning of an action")
    channels: dict = setting("channel name -> unit and range; null: unused")  # type: ignore[type-arg]
    output: str = setting("output that carries it, one of outputs")
    arm: dict = setting("joints and URDF; {}: no arm")  # type: ignore[type-arg]
    base: dict = setting("mobile base; {}: none")  # type: ignore[type-arg]
    gripper: dict = setting("sensor and force of a gripper; {}: none")  # type: ignore[type-arg]
    stands_still: str = setting(
        "keep: a hold keeps the set points; rest: it moves them to their rest", choices=STANDSTILLS
    )


@dataclass(frozen=True)
class GroupReader:
    """Reads the groups of a robot's YAML.

    Attributes:
        sensors: of the robot, by name.
        path: of the YAML.
    """

    sensors: Mapping[str, Sensor]
    path: Path

    def only(self, actions: Any, output: Any, arm: Any, base: Any, stands_still: str = KEEP) -> Group:
        """Return the group of a robot that has only one: its sections stand at the top of the YAML.

        Raises:
            ConfigError: unknown or missing keys, wrong types.
            EmbodimentError: the numbers contradict each other.
        """
        here = f"{self.path}: actions"
        read, parts = read_actions(actions, here), _Parts(arm, base, stands_still)
        parts.check(read.meaning, here)
        carrier = read_output(output, f"{self.path}: output")
        check_carries(carrier, read, f"{self.path}: output", here)
        name = "arm" if arm else "base" if read.meaning == "twist" else "set_points"
        return self._group(name, read, carrier, parts, f"{self.path}: ")

    def several(
        self, groups: Mapping[str, Any], outputs: Mapping[str, Any], rhythm: Mapping[str, Any]
    ) -> tuple[Group, ...]:
        """Return the groups below `groups`, carried by those below `outputs`.

        Args:
            groups: group name -> its section.
            outputs: output name -> its section.
            rhythm: rate_hz and block of the robot's actions.

        Raises:
            ConfigError: unknown or missing keys, wrong types.
            EmbodimentError: the numbers contradict each other, a channel belongs to two groups, or an output
                is unknown, unused or has the topic of another.
        """
        if not groups or not outputs:
            raise EmbodimentError(
                f"{self.path}: got {len(groups)} groups and {len(outputs)} outputs, expected some of both"
            )
        carriers = {
            str(name): read_output(section, f"{self.path}: outputs.{name}")
            for name, section in outputs.items()
        }
        topics = [carrier.topic for carrier in carriers.values()]
        if len(set(topics)) != len(topics):
            raise EmbodimentError(f"{self.path}: outputs: got topics {topics}, expected each once")
        found, used = [], set()
        for name, section in groups.items():
            here = f"{self.path}: groups.{name}"
            if not isinstance(section, Mapping):
                raise EmbodimentError(f"{here}: got {shown(section)}, expected a mapping of settings")
            nothing = {"arm": {}, "base": {}, "gripper": {}, "stands_still": KEEP}
            raw = load_settings(_GroupSection, {**nothing, **section}, where=here)
            actions = read_actions({**rhythm, "meaning": raw.meaning, "channels": raw.channels}, here)
            parts = _Parts(raw.arm, raw.base, raw.stands_still, raw.gripper)
            parts.check(actions.meaning, here)
            if raw.output not in carriers:
                raise EmbodimentError(f"{here}.output: got {raw.output!r}, expected one of {list(carriers)}")
            used.add(raw.output)
            check_carries(carriers[raw.output], actions, f"{self.path}: outputs.{raw.output}", here)
            found.append(self._group(str(name), actions, carriers[raw.output], parts, f"{here}."))
        if unused := sorted(set(carriers) - used):
            raise EmbodimentError(f"{self.path}: outputs: got {unused}, expected the output of a group")
        self._check_names(found)
        return tuple(found)

    def _check_names(self, groups: list[Group]) -> None:
        for names in (
            [channel for group in groups for channel in group.actions.names],
            [channel for group in groups for channel in group.names],
            [group.joint_sensor for group in groups if group.joint_sensor],
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise EmbodimentError(f"{self.path}: groups: got {twice} twice, expected each in one group")

    def _group(self, name: str, actions: ActionSpec, output: Output, parts: _Parts, above: str) -> Group:
        """Return a group; messages name its sections after `above`."""
        if parts.arm:
            arm = read_arm(parts.arm, self.sensors, self.path, f"{above}arm")
            return ArmGroup(name, actions, output, arm=arm)
        if actions.meaning == "twist":
            base = read_base(parts.base, self.sensors, f"{above}base") if parts.base else None
            return BaseGroup(name, actions, output, base=base)
        if parts.gripper:
            gripper = read_gripper(parts.gripper, self.sensors, actions, f"{above}gripper")
            return GripperGroup(name, actions, output, gripper=gripper)
        return Group(name, actions, output, stands_still=parts.stands_still)


class _Parts(NamedTuple):
    """The sections of what a group moves, as the YAML has them."""

    arm: Any
    base: Any
    stands_still: str = KEEP
    gripper: Any = None

    def check(self, meaning: str, here: str) -> None:
        """Refuse parts that actions of this meaning, in the section named `here`, do not move."""
        if bool(self.arm) == (meaning in COMMANDED):
            expected = "no arm" if self.arm else "an arm, whose joints the action moves"
            raise EmbodimentError(f"{here}.meaning: got {meaning}, expected {expected}")
        if self.base and meaning != "twist":
            raise EmbodimentError(f"{here}.meaning: got {meaning}, expected twist for a base")
        if self.gripper and meaning != "setpoint":
            raise EmbodimentError(f"{here}.meaning: got {meaning}, expected setpoint for a gripper")
        if self.gripper and self.stands_still != KEEP:
            raise EmbodimentError(
                f"{here}.stands_still: got {self.stands_still}, expected {KEEP}: a gripper keeps its grip"
            )
        if self.stands_still != KEEP and meaning != "setpoint":
            raise EmbodimentError(
                f"{here}.stands_still: got {self.stands_still} for {meaning}, expected {KEEP}: only set "
                "points have a rest of their own"
            )
