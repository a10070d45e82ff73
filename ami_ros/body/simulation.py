# SPDX-License-Identifier: Apache-2.0
"""The simulation of a robot: PyBullet for an arm or a base, a linear process, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ami_ros.body.actions import COMMANDED, ActionSpec
from ami_ros.body.drive_simulation import DriveSimulation, read_drive_simulation
from ami_ros.body.groups import BaseGroup, Group
from ami_ros.body.resources import resource
from ami_ros.body.scenery import read_boxes
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import LARGEST, load_settings, setting
from ami_ros.types import FloatArray

# Kind -> the messages of the sensors that it can simulate.
BULLET_PROVIDES = ("Image", "JointState", "TwistStamped", "WrenchStamped")
DRIVE_PROVIDES = ("Image", "Odometry")
PROCESS_PROVIDES = ("FluidPressure", "Float64MultiArray", "Temperature", "TwistStamped", "WrenchStamped")
KINDS = ("bullet", "process", "none")


@dataclass(frozen=True)
class BulletSimulation:
    """An arm in PyBullet, with its cameras and surrounding boxes by name."""

    urdf: str = setting("URDF with meshes; default: that of the arm")
    hold_joints: tuple[str, ...] = setting("joints outside joint_names that are held, such as a gripper's")
    hold_position: tuple[float, ...] = setting("positions of hold_joints", unit="rad|m")
    tool_parent: str = setting("URDF link that holds the tool: its frame is the tip")
    scenery: dict = field(default_factory=dict)  # type: ignore[type-arg]  # name -> Box
    folder: Path = Path()  # of the YAML; file names are relative to it

    def __post_init__(self) -> None:
        if len(self.hold_joints) != len(self.hold_position):
            raise EmbodimentError(
                f"got {len(self.hold_joints)} hold_joints and {len(self.hold_position)} "
                "hold_position, expected one position for each joint"
            )

    @property
    def held(self) -> tuple[str, ...]:
        """Names of further joints that joint states may contain."""
        return self.hold_joints

    def urdf_path(self, otherwise: Path) -> Path:
        """Return the URDF to simulate with, `otherwise` where none is named.

        Raises:
            EmbodimentError: no such file.
        """
        return resource(self.urdf, self.folder) if self.urdf else otherwise


@dataclass(frozen=True, eq=False)
class ProcessSensor:
    """One vector sensor (n values) of a process with C channels.

    Attributes:
        gain: (n, C) steady-state change of each value per unit of a channel.
        time_constant: (n,) s, after which it has gone 63 % of the way.
        offset: (n,) its value while all channels are 0.
        noise_std: (n,) of the measurement.
    """

    gain: FloatArray
    time_constant: FloatArray
    offset: FloatArray
    noise_std: FloatArray

    def steady(self, channels: FloatArray) -> FloatArray:
        """Return where the values (..., n) come to rest while the channels (..., C) stay as they are."""
        values: FloatArray = self.offset + channels @ self.gain.T
        return values


@dataclass(frozen=True, eq=False)
class ProcessSimulation:
    """Linear, first order: x' = (offset + gain u - x) / time_constant, for each value of each sensor."""

    sensors: Mapping[str, ProcessSensor]
    held: ClassVar[tuple[str, ...]] = ()
    hold_joints: ClassVar[tuple[str, ...]] = ()
    hold_position: ClassVar[tuple[float, ...]] = ()


@dataclass(frozen=True)
class NoSimulation:
    """A robot without simulation."""

    hold_joints: ClassVar[tuple[str, ...]] = ()
    hold_position: ClassVar[tuple[float, ...]] = ()
    held: tuple[str, ...] = setting("further joints that joint states may contain")


Simulation: TypeAlias = BulletSimulation | DriveSimulation | ProcessSimulation | NoSimulation


@dataclass(frozen=True)
class _ProcessSection:
    sensors: dict = setting("sensor -> value -> its gain, time constant, offset and noise")  # type: ignore[type-arg]


@dataclass(frozen=True)
class _ProcessValue:
    """The keys of one value."""

    gain: dict = setting("channel -> change per unit of the channel")  # type: ignore[type-arg]
    time_constant_s: float = setting("time until 63 % of a change", gt=0.0, le=1e6, unit="s")
    offset: float = setting("value while all channels are 0")
    noise_std: float = setting("std of the measurement noise", ge=0.0)


def read_simulation(
    section: Any, sensors: Mapping[str, Sensor], groups: Sequence[Group], path: Path
) -> Simulation:
    """Return the simulation of a robot's YAML at `path`.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: it cannot stand in for such a body; names what it can simulate.
    """
    here = f"{path}: simulation"
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if kind not in KINDS:
        raise EmbodimentError(f"{here}: kind: got {shown(kind)}, expected one of {list(KINDS)}")
    keys = {name: value for name, value in section.items() if name != "kind"}
    if kind == "none":
        return load_settings(NoSimulation, {"held": [], **keys}, where=here, also=["kind"])
    actions = ActionSpec.beside([group.actions for group in groups])
    is_commanded = all(group.actions.meaning in COMMANDED for group in groups)
    drives = kind == "bullet" and any(isinstance(g, BaseGroup) and g.base is not None for g in groups)
    if (kind == "process") != is_commanded and not drives:
        expected = "process" if is_commanded else "bullet"
        more = "; a twist in PyBullet needs a section base" if actions.meaning == "twist" else ""
        raise EmbodimentError(
            f"{here}: kind: got {kind}, expected {expected} or none for {actions.meaning}{more}"
        )
    if kind == "bullet" and len(groups) > 1:
        raise EmbodimentError(
            f"{here}: kind: got {kind}, expected none for several groups: {actions.meaning}"
        )
    able = DRIVE_PROVIDES if drives else BULLET_PROVIDES if kind == "bullet" else PROCESS_PROVIDES
    for name, sensor in sensors.items():
        message = "Image" if isinstance(sensor, ImageSensor) else sensor.message
        if message not in able:
            raise EmbodimentError(
                f"{here}: sensor {name}: got {message}, which a simulation of kind {kind} does not know; "
                f"expected one of {list(able)}, or kind: none"
            )
    if drives:
        return read_drive_simulation(keys, actions, path.parent, here)
    if kind == "bullet":
        return _bullet(keys, path.parent, here)
    given = load_settings(_ProcessSection, keys, where=here, also=["kind"]).sensors
    if set(given) != set(sensors):
        raise EmbodimentError(f"{here}: sensors: got {shown(list(given))}, expected {list(sensors)}")
    vectors = [sensor for sensor in sensors.values() if isinstance(sensor, VectorSensor)]
    return ProcessSimulation({s.name: _process_sensor(given[s.name], s, actions, here) for s in vectors})


def _bullet(keys: dict[str, Any], folder: Path, here: str) -> BulletSimulation:
    scenery = read_boxes(keys.pop("scenery", {}), f"{here}: scenery")
    given = {"urdf": "", **keys, "scenery": scenery, "folder": folder}
    return load_settings(BulletSimulation, given, where=here, also=["kind"])


def _process_sensor(section: Any, sensor: VectorSensor, actions: ActionSpec, where: str) -> ProcessSensor:
    here = f"{where}.sensors.{sensor.name}"
    if not isinstance(section, Mapping) or set(section) != set(sensor.names):
        raise EmbodimentError(f"{here}: got {shown(section)}, expected {list(sensor.names)}")
    nothing = {"gain": {}, "time_constant_s": 1.0, "offset": 0.0, "noise_std": 0.0}
    values = []
    for name in sensor.names:
        given = nothing if section[name] is None else section[name]
        if not isinstance(given, Mapping):
            raise EmbodimentError(
                f"{here}.{name}: got {shown(given)}, expected a mapping of settings, or null for always 0"
            )
        values.append(load_settings(_ProcessValue, given, where=f"{here}.{name}"))
    gains = [_gains(v.gain, actions, f"{here}.{name}") for name, v in zip(sensor.names, values, strict=True)]
    return ProcessSensor(
        np.array(gains),
        np.array([value.time_constant_s for value in values]),
        np.array([value.offset for value in values]),
        np.array([value.noise_std for value in values]),
    )


def _gains(given: Mapping[str, Any], actions: ActionSpec, where: str) -> list[float]:
    numbers = {k: v for k, v in given.items() if type(v) in (int, float) and abs(v) <= LARGEST}
    if set(numbers) != set(given) or not set(given) <= set(actions.names):
        raise EmbodimentError(
            f"{where}.gain: got {shown(given)}, expected a number for some of {list(actions.names)}"
        )
    return [float(numbers.get(name, 0.0)) for name in actions.names]
