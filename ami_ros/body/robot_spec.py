# SPDX-License-Identifier: Apache-2.0
"""The robot's description, config/robots/<name>.yaml: its sensors, and its groups of channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ami_ros.body.actions import AXES, ActionSpec
from ami_ros.body.arm import Arm, ToolSpec
from ami_ros.body.base import Base
from ami_ros.body.gripper import Gripper
from ami_ros.body.groups import KEEP, STANDSTILLS, ArmGroup, BaseGroup, GripperGroup, Group, GroupReader
from ami_ros.body.limits import ChannelLimits, joined
from ami_ros.body.outputs import INTERFACES, Output, check_carries, read_output
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor, read_sensors
from ami_ros.body.simulation import Simulation, read_simulation
from ami_ros.errors import ConfigError, EmbodimentError, shown
from ami_ros.settings import plugins
from ami_ros.settings.fields import load_settings, read_yaml, setting
from ami_ros.settings.share import config_path
from ami_ros.settings.task_file import merged, read_task
from ami_ros.types import FloatArray, Observation

SHORT = ("output", "arm", "base")  # sections of a robot with one group
LONG = ("groups", "outputs")
OFFERED = "ami_ros.robots"  # entry points of other packages
MOST_ALIKE = 10  # length of a chain of `like`
# Mistaken argument for a robot's YAML -> what to do.
URDF = "ami-ros new-robot writes one from a URDF"
INSTEAD = {".yml": "rename it", ".urdf": URDF, ".xacro": URDF}


@dataclass(frozen=True)
class Carried:
    """An output, and what it carries.

    Attributes:
        output: message, topic and rate.
        names: of its channels (C,).
        columns: of these among all commanded channels of the robot.
    """

    output: Output
    names: tuple[str, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RobotSpec:
    """Everything ami_ros knows about one robot: its sensors and its groups of channels.

    Commands address channels: the joints of an arm, else the channels of an action themselves.

    Attributes:
        name: file name of the YAML without suffix.
        sensors: by name.
        groups: in the order of actions and commands.
        simulation: the stand-in.
        source: where the numbers come from.
        safety: changes to config/safety.yaml that this robot needs.
        tasks: names of the tasks that change its file.
    """

    name: str
    sensors: Mapping[str, Sensor]
    groups: tuple[Group, ...]
    simulation: Simulation
    source: str
    safety: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()

    # Groups

    @property
    def parts(self) -> tuple[RobotSpec, ...]:
        """For each group the robot as if it had no other."""
        return tuple(replace(self, groups=(group,)) for group in self.groups)

    @property
    def arms(self) -> tuple[ArmGroup, ...]:
        """The groups that are arms."""
        return tuple(group for group in self.groups if isinstance(group, ArmGroup))

    @property
    def arm_columns(self) -> tuple[tuple[slice, ArmGroup], ...]:
        """The arms, each with the columns of its joints among all commanded channels."""
        ends = np.cumsum([len(group.names) for group in self.groups]).tolist()
        found = zip(ends, self.groups, strict=True)
        return tuple((slice(end - len(g.names), end), g) for end, g in found if isinstance(g, ArmGroup))

    @property
    def arm_part(self) -> RobotSpec:
        """The robot as if it had only its first arm. Raises EmbodimentError where it has none."""
        arm = self._arm_group
        return self if self.groups == (arm,) else replace(self, groups=(arm,))

    @property
    def arm(self) -> Arm:
        """Its first arm. Raises EmbodimentError where it has none."""
        return self._arm_group.arm

    @property
    def is_driven(self) -> bool:
        """Whether its channels are the velocities of a base."""
        return all(isinstance(group, BaseGroup) for group in self.groups)

    @property
    def base(self) -> Base | None:
        """What drives about; None for a body that stays where it is."""
        return next((group.base for group in self.groups if isinstance(group, BaseGroup)), None)

    @property
    def gripper(self) -> Gripper | None:
        """What grasps; None for a body without gripper."""
        return next((group.gripper for group in self.groups if isinstance(group, GripperGroup)), None)

    def with_group(self, **changes: Any) -> RobotSpec:
        """Return a robot of one group with changes to that group.

        Raises:
            EmbodimentError: a robot of several groups.
        """
        return replace(self, groups=(replace(self._group, **changes),))

    @property
    def _group(self) -> Group:
        if len(self.groups) > 1:
            names = [group.name for group in self.groups]
            raise EmbodimentError(f"{self.name}: got groups {names}, expected a robot of one group")
        return self.groups[0]

    @property
    def _arm_group(self) -> ArmGroup:
        if not self.arms:
            raise EmbodimentError(f"{self.name}: got a body without arm, expected joints and a URDF")
        return self.arms[0]

    @cached_property
    def actions(self) -> ActionSpec:
        """What the planner may request: the channels of all groups."""
        return ActionSpec.beside([group.actions for group in self.groups])

    @property
    def meanings(self) -> tuple[str, ...]:
        """What each number of an action means (A,), each one of `MEANINGS`."""
        return tuple(group.actions.meaning for group in self.groups for _ in group.actions.channels)

    @property
    def outputs(self) -> tuple[Carried, ...]:
        """The outputs, each with the channels that it carries."""
        owners = [(group.output, name) for group in self.groups for name in group.names]
        carried: dict[Output, list[int]] = {}
        for column, (output, _) in enumerate(owners):
            carried.setdefault(output, []).append(column)
        return tuple(
            Carried(output, tuple(owners[column][1] for column in columns), tuple(columns))
            for output, columns in carried.items()
        )

    @property
    def output(self) -> Output:
        """The output of a robot that has one. Raises EmbodimentError where it has several."""
        if len(self.outputs) > 1:
            topics = [carried.output.topic for carried in self.outputs]
            raise EmbodimentError(f"{self.name}: got outputs {topics}, expected a robot with one output")
        return self.outputs[0].output

    @property
    def images(self) -> tuple[ImageSensor, ...]:
        """The cameras, in the order of the YAML."""
        return tuple(sensor for sensor in self.sensors.values() if isinstance(sensor, ImageSensor))

    @property
    def vectors(self) -> tuple[VectorSensor, ...]:
        """The other sensors, in the order of the YAML."""
        return tuple(sensor for sensor in self.sensors.values() if isinstance(sensor, VectorSensor))

    def images_for(self, user: str) -> tuple[ImageSensor, ...]:
        """Return the cameras that one of `USERS` uses."""
        return tuple(image for image in self.images if user in image.used_by)

    def vectors_for(self, user: str) -> tuple[VectorSensor, ...]:
        """Return the other sensors that one of `USERS` uses."""
        return tuple(vector for vector in self.vectors if user in vector.used_by)

    @property
    def command_names(self) -> tuple[str, ...]:
        """Names of the commanded channels (C,)."""
        return tuple(name for group in self.groups for name in group.names)

    @property
    def camera(self) -> ImageSensor:
        """The first camera. Raises EmbodimentError where there is none."""
        if not self.images:
            raise EmbodimentError(f"{self.name}: got no camera, expected a sensor of kind image")
        return self.images[0]

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the arm's joints (J,), in the order of every joint vector."""
        return self.arm.joint_names

    def with_interface(self, interface: str) -> RobotSpec:
        """Return the robot with its output through another interface, on the usual topic; empty: its own.

        Raises:
            ConfigError: there is no such interface.
            EmbodimentError: it cannot carry the meaning of an action, or the robot has several groups.
        """
        if not interface:
            return self
        known = INTERFACES.get(interface)
        section = {"interface": interface, "topic": known.topic if known is not None else ""}
        output = read_output(section, f"{self.name}: output")
        check_carries(output, self._group.actions, f"{self.name}: output", f"{self.name}: actions")
        return self.with_group(output=output)

    @property
    def joint_sensor(self) -> str:
        """Name of the sensor that measures the arm's joints."""
        return self.arm.sensor

    @property
    def joint_sensors(self) -> tuple[str, ...]:
        """Names of the sensors that measure the joints of its groups."""
        return tuple(group.joint_sensor for group in self.groups if group.joint_sensor)

    @property
    def place_sensor(self) -> str:
        """Name of the sensor that measures where the body is; "" where none does."""
        return next((group.place_sensor for group in self.groups if group.place_sensor), "")

    def joint_position(self, observation: Observation) -> FloatArray:
        """Return the arm's joint positions (J,) of an observation."""
        return self._arm_group.position(observation)

    @property
    def limits(self) -> ChannelLimits:
        """Limits of the commanded channels (C,)."""
        if len(self.groups) == 1:
            return self.groups[0].limits
        return joined([(group.limits, len(group.names)) for group in self.groups])

    @property
    def home(self) -> FloatArray:
        """Values of the commanded channels (C,) that commands begin with."""
        if len(self.groups) == 1:
            return self.groups[0].home
        return np.concatenate([group.home for group in self.groups])

    @property
    def feedback(self) -> tuple[str, list[int]]:
        """Name and columns of the sensor that measures every channel of a robot of one group; "" if none."""
        return self._group.feedback(self.sensors)

    def at_standstill(self, values: FloatArray) -> FloatArray:
        """Return the values (C,) of the channels once the body stands still; `values` (C,) are theirs now."""
        ends = np.cumsum([len(group.names) for group in self.groups])[:-1]
        parts = zip(self.groups, np.split(values, ends), strict=True)
        return np.concatenate([group.at_standstill(part) for group, part in parts])

    @property
    def standstill(self) -> FloatArray | None:
        """Values (C,) at which a body of one group stands still; None where any constant values do.

        Raises:
            EmbodimentError: a robot of several groups, each of which stands still in its own way.
        """
        return self._group.standstill

    @property
    def urdf(self) -> Path:
        """Kinematic URDF."""
        return self.arm.urdf

    @property
    def tip_frame(self) -> str:
        """URDF frame that moves and is judged."""
        return self.arm.tip_frame

    @property
    def workspace(self) -> FloatArray:
        """Lower and upper corner of the box the tip stays in (2, 3), base frame, m."""
        return self.arm.workspace

    @property
    def tool(self) -> ToolSpec | None:
        """What the hand holds."""
        return self.arm.tool

    @property
    def orientation(self) -> str:
        """Orientation of the tip while actions move it: kept as at home, or free."""
        return self.arm.orientation

    @property
    def action_size(self) -> int:
        """Numbers per action (A)."""
        return self.actions.size

    @property
    def action_block(self) -> int:
        """Control steps per action block (K)."""
        return self.actions.block

    @property
    def step_ns(self) -> int:
        """Duration of one control step."""
        return self.actions.step_ns

    @property
    def max_tip_speed(self) -> float:
        """Largest magnitude of a component of a Cartesian action, m/s."""
        return float(self._arm_group.actions.largest.max())

    def tip_velocity(self, action: FloatArray) -> FloatArray:
        """Return the tip velocity (3,) of an action (A,); zero along axes without channel."""
        velocity = np.zeros(3)
        velocity[[AXES.index(axis) for axis in self.actions.names]] = action
        return velocity

    def random_tip(self, generator: np.random.Generator) -> FloatArray:
        """Return a position (3,) drawn uniformly from the workspace box, m."""
        lower, upper = self.workspace
        position: FloatArray = generator.uniform(lower, upper)
        return position


@dataclass(frozen=True)
class _RobotFile:
    """The keys of a robot YAML, before they are checked against each other."""

    sensors: dict = setting("sensor name -> its description")  # type: ignore[type-arg]
    actions: dict = setting("action channels that the planner commands; with groups, only rate and block")  # type: ignore[type-arg]
    output: dict = setting("output to the controller; with groups, see outputs")  # type: ignore[type-arg]
    arm: dict = setting("joints and URDF; {}: no arm")  # type: ignore[type-arg]
    base: dict = setting("mobile base; {}: none")  # type: ignore[type-arg]
    stands_still: str = setting(
        "of set points: keep: a hold keeps them; rest: it moves them to their rest; with groups, see there",
        choices=STANDSTILLS,
    )
    groups: dict = setting("group name -> its channels and output; {}: one group")  # type: ignore[type-arg]
    outputs: dict = setting("output name -> output to a controller; {}: one group")  # type: ignore[type-arg]
    simulation: dict = setting("the stand-in")  # type: ignore[type-arg]
    safety: dict = setting("changes to config/safety.yaml")  # type: ignore[type-arg]
    source: str = setting("source of the numbers")


def _path(name: str | Path, folder: Path) -> Path:
    path = Path(name)
    if path.suffix in INSTEAD:
        raise EmbodimentError(
            f"robot: got {path}, expected a name in config/robots, or a path that ends in .yaml: "
            f"{INSTEAD[path.suffix]}"
        )
    if path.suffix == ".yaml":
        return folder / path
    ours = config_path("robots", f"{name}.yaml")
    return _offered(str(name), ours) if str(name) in plugins.found(OFFERED) else ours


def _offered(name: str, ours: Path) -> Path:
    """Return the YAML of a robot from another package. Raises ConfigError."""
    place = plugins.load(OFFERED, name, str(ours) if ours.is_file() else "")
    if isinstance(place, ModuleType):
        place = Path(place.__file__ or "").parent
    if not isinstance(place, (str, Path)):
        entry = plugins.found(OFFERED)[name]
        raise ConfigError(
            f"robot {name}: got {shown(place)} from {plugins.origin(entry)}, expected its YAML or its folder"
        )
    return Path(place) / f"{name}.yaml" if Path(place).is_dir() else Path(place)


def _read(path: Path, below: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return a robot's YAML merged over that of the robot it is like, if it names one."""
    values = read_yaml(path)
    if "like" not in values:
        return values
    other = values.pop("like")
    if not isinstance(other, str):
        raise EmbodimentError(f"{path}: like: got {shown(other)}, expected a robot's name or a path")
    base = _path(other, path.parent)
    try:
        ours, theirs = path.resolve(), base.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # circular links, or not a file name
        raise EmbodimentError(
            f"{path}: like: got {shown(other)}, expected a robot's name or a path"
        ) from error
    if theirs in (ours, *below):
        raise EmbodimentError(f"{path}: like: got {other}, which is derived from this robot")
    if len(below) == MOST_ALIKE:
        raise EmbodimentError(
            f"{path}: like: got {other}, after {MOST_ALIKE} others; expected a shorter chain"
        )
    found = _read(base, (*below, ours))
    # File names are relative to the YAML that contains them.
    groups = found.get("groups")
    for section in (found, *(groups.values() if isinstance(groups, dict) else ())):
        for name in ("arm", "simulation"):
            part = section.get(name) if isinstance(section, dict) else None
            if isinstance(part, dict) and isinstance(part.get("urdf"), str) and "://" not in part["urdf"]:
                section[name] = {**part, "urdf": str(base.parent.resolve() / part["urdf"])}
    return merged(found, values)


def load_robot(name_or_path: str | Path, task: str | None = None) -> RobotSpec:
    """Load config/robots/<name>.yaml, a robot of another package, or a YAML by path, as the task equips it.

    A YAML with the key ``like`` holds only the differences from the robot that it names.

    Args:
        name_or_path: the robot; other packages add names by entry points of the group ``ami_ros.robots``.
        task: a file in config/tasks, or a path. Its `embodiment` section wins over the robot's YAML, whose
            entry for this task below `tasks` wins over both.

    Raises:
        ConfigError: a file is missing or has unknown keys or wrong types.
        EmbodimentError: the numbers contradict each other.
    """
    path = _path(name_or_path, Path())
    nothing = {"safety": {}, "tasks": {}, "stands_still": KEEP, **{key: {} for key in SHORT + LONG}}
    values: dict[str, Any] = {**nothing, **_read(path)}
    own = values.pop("tasks")
    if not isinstance(own, dict) or not all(isinstance(changes, dict) for changes in own.values()):
        raise EmbodimentError(f"{path}: tasks: got {shown(own)}, expected changes to this file by task")
    if task is not None:
        file = read_task(task)
        values = merged(merged(values, file.embodiment), own.get(file.name, {}))
    raw = load_settings(_RobotFile, values, where=str(path), also=["like", "tasks"])
    sensors = read_sensors(raw.sensors, str(path))
    groups = _groups(raw, sensors, path)
    return RobotSpec(
        name=path.stem,
        sensors=sensors,
        groups=groups,
        simulation=read_simulation(raw.simulation, sensors, groups, path),
        source=raw.source,
        safety=raw.safety,
        tasks=tuple(map(str, own)),
    )


def _groups(raw: _RobotFile, sensors: Mapping[str, Sensor], path: Path) -> tuple[Group, ...]:
    reader = GroupReader(sensors, path)
    if not raw.groups and not raw.outputs:
        return (reader.only(raw.actions, raw.output, raw.arm, raw.base, raw.stands_still),)
    if given := [name for name in SHORT if getattr(raw, name)]:
        raise EmbodimentError(f"{path}: got {given} besides groups, expected these inside a group")
    return reader.several(raw.groups, raw.outputs, raw.actions)
