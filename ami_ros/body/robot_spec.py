# SPDX-License-Identifier: Apache-2.0
"""The robot's description, config/robots/<name>.yaml: sensors, actions, output, arm or base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.actions import AXES, COMMANDED, ActionSpec, read_actions
from ami_ros.body.arm import Arm, ToolSpec, read_arm
from ami_ros.body.base import Base, read_base
from ami_ros.body.limits import ChannelLimits
from ami_ros.body.outputs import INTERFACES, Output, read_output
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor, read_sensors
from ami_ros.body.simulation import Simulation, read_simulation
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, read_yaml, setting
from ami_ros.settings.share import config_path
from ami_ros.settings.task_file import merged, read_task
from ami_ros.types import FloatArray, Observation

MOST_ALIKE = 10  # length of a chain of `like`
# Mistaken argument for a robot's YAML -> what to do.
URDF = "ami-ros new-robot writes one from a URDF"
INSTEAD = {".yml": "rename it", ".urdf": URDF, ".xacro": URDF}


@dataclass(frozen=True, eq=False)
class RobotSpec:
    """Everything ami_ros knows about one robot.

    Commands address channels: the joints of an arm, else the channels of an action themselves.

    Attributes:
        name: file name of the YAML without suffix.
        sensors: by name.
        actions: what the planner may request.
        output: how the controller takes commands.
        simulation: the stand-in.
        source: where the numbers come from.
        arm: joints and their URDF; None for a body without arm.
        base: the mobile base; None for a body that stays where it is.
        safety: changes to config/safety.yaml that this robot needs.
        tasks: names of the tasks that change its file.
    """

    name: str
    sensors: Mapping[str, Sensor]
    actions: ActionSpec
    output: Output
    simulation: Simulation
    source: str
    arm: Arm | None = None
    base: Base | None = None
    safety: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()

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
        return self.actions.names if self.arm is None else self.joint_names

    @property
    def camera(self) -> ImageSensor:
        """The first camera. Raises EmbodimentError where there is none."""
        if not self.images:
            raise EmbodimentError(f"{self.name}: got no camera, expected a sensor of kind image")
        return self.images[0]

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints (J,), in the order of every joint vector."""
        sensor = self.sensors[self._arm.sensor]
        return sensor.names if isinstance(sensor, VectorSensor) else ()

    def output_by(self, interface: str) -> Output:
        """Return the output through another interface, on its usual topic; empty: the robot's own.

        Raises:
            ConfigError: there is no such interface.
            EmbodimentError: it cannot carry the meaning of an action.
        """
        if not interface:
            return self.output
        known = INTERFACES.get(interface)
        section = {"interface": interface, "topic": known.topic if known is not None else ""}
        return read_output(section, self.actions.meaning, self.actions.names, self.name)

    @property
    def joint_sensor(self) -> str:
        """Name of the sensor that measures the joints."""
        return self._arm.sensor

    @property
    def place_sensor(self) -> str:
        """Name of the sensor that measures where the body is; "" where none does."""
        of_base = "" if self.base is None else self.base.sensor
        return of_base if self.arm is None else self.joint_sensor

    def joint_position(self, observation: Observation) -> FloatArray:
        """Return the joint positions (J,) of an observation."""
        position: FloatArray = observation[self.joint_sensor].value[: len(self.joint_names)]
        return position

    @property
    def limits(self) -> ChannelLimits:
        """Limits of the commanded channels (C,)."""
        if self.arm is not None:
            return self.arm.limits
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
        """Rest values of the commanded channels (C,)."""
        if self.arm is not None:
            return self.arm.home
        return np.array([channel.rest for channel in self.actions.channels])

    @property
    def standstill(self) -> FloatArray | None:
        """Values (C,) at which the body stands still; None where any constant values do."""
        return np.zeros(self.action_size) if self.actions.meaning == "twist" else None

    @property
    def _arm(self) -> Arm:
        if self.arm is None:
            raise EmbodimentError(f"{self.name}: got a body without arm, expected joints and a URDF")
        return self.arm

    @property
    def urdf(self) -> Path:
        """Kinematic URDF."""
        return self._arm.urdf

    @property
    def tip_frame(self) -> str:
        """URDF frame that moves and is judged."""
        return self._arm.tip_frame

    @property
    def workspace(self) -> FloatArray:
        """Lower and upper corner of the box the tip stays in (2, 3), base frame, m."""
        return self._arm.workspace

    @property
    def tool(self) -> ToolSpec | None:
        """What the hand holds."""
        return self._arm.tool

    @property
    def orientation(self) -> str:
        """Orientation of the tip while actions move it: kept as at home, or free."""
        return self._arm.orientation

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
        return float(self.actions.largest.max())

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

    sensors: dict = setting("sensor name -> what it is")  # type: ignore[type-arg]
    actions: dict = setting("what the planner may ask for")  # type: ignore[type-arg]
    output: dict = setting("how the controller takes commands")  # type: ignore[type-arg]
    arm: dict = setting("joints and URDF; {} for a body without")  # type: ignore[type-arg]
    base: dict = setting("what drives about; {} for a body that stays where it is")  # type: ignore[type-arg]
    simulation: dict = setting("the stand-in")  # type: ignore[type-arg]
    safety: dict = setting("changes to config/safety.yaml")  # type: ignore[type-arg]
    source: str = setting("where the numbers come from")


def _path(name: str | Path, folder: Path) -> Path:
    path = Path(name)
    if path.suffix in INSTEAD:
        raise EmbodimentError(
            f"robot: got {path}, expected a name in config/robots, or a path that ends in .yaml: "
            f"{INSTEAD[path.suffix]}"
        )
    return folder / path if path.suffix == ".yaml" else config_path("robots", f"{name}.yaml")


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
        raise EmbodimentError(f"{path}: like: got {other}, which is like this robot itself")
    if len(below) == MOST_ALIKE:
        raise EmbodimentError(
            f"{path}: like: got {other}, after {MOST_ALIKE} others; expected fewer in a row"
        )
    found = _read(base, (*below, ours))
    for section in ("arm", "simulation"):  # file names are relative to the YAML that contains them
        part = found.get(section)
        if isinstance(part, dict) and isinstance(part.get("urdf"), str) and "://" not in part["urdf"]:
            found[section] = {**part, "urdf": str(base.parent.resolve() / part["urdf"])}
    return merged(found, values)


def load_robot(name_or_path: str | Path, task: str | None = None) -> RobotSpec:
    """Load config/robots/<name>.yaml, or a YAML file by path, as the task equips it.

    A YAML with the key ``like`` holds only the differences from the robot that it names.

    Args:
        name_or_path: the robot.
        task: a file in config/tasks, or a path. Its `embodiment` section wins over the robot's YAML, whose
            entry for this task below `tasks` wins over both.

    Raises:
        ConfigError: a file is missing or has unknown keys or wrong types.
        EmbodimentError: the numbers contradict each other.
    """
    path = _path(name_or_path, Path())
    values: dict[str, Any] = {"safety": {}, "tasks": {}, "arm": {}, "base": {}, **_read(path)}
    own = values.pop("tasks")
    if not isinstance(own, dict) or not all(isinstance(changes, dict) for changes in own.values()):
        raise EmbodimentError(f"{path}: tasks: got {shown(own)}, expected changes to this file by task")
    if task is not None:
        file = read_task(task)
        values = merged(merged(values, file.embodiment), own.get(file.name, {}))
    raw = load_settings(_RobotFile, values, where=str(path), also=["like", "tasks"])
    sensors = read_sensors(raw.sensors, str(path))
    actions = read_actions(raw.actions, str(path))
    if bool(raw.arm) == (actions.meaning in COMMANDED):
        expected = "no arm" if raw.arm else "an arm, whose joints it moves"
        raise EmbodimentError(f"{path}: actions.meaning: got {actions.meaning}, expected {expected}")
    if raw.base and actions.meaning != "twist":
        raise EmbodimentError(f"{path}: actions.meaning: got {actions.meaning}, expected twist for a base")
    return RobotSpec(
        name=path.stem,
        sensors=sensors,
        actions=actions,
        output=read_output(raw.output, actions.meaning, actions.names, str(path)),
        arm=read_arm(raw.arm, sensors, path) if raw.arm else None,
        base=read_base(raw.base, sensors, str(path)) if raw.base else None,
        simulation=read_simulation(raw.simulation, sensors, actions, path, drives=bool(raw.base)),
        source=raw.source,
        safety=raw.safety,
        tasks=tuple(map(str, own)),
    )
