# SPDX-License-Identifier: Apache-2.0
"""The simulation of a robot: a simulator for an arm or a base, a linear process, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ami_ros.body.actions import COMMANDED, ActionSpec
from ami_ros.body.drive_simulation import DriveSimulation, read_drive_simulation
from ami_ros.body.fingers import Fingers, read_fingers
from ami_ros.body.groups import ArmGroup, BaseGroup, GripperGroup, Group
from ami_ros.body.resources import resource
from ami_ros.body.scenery import read_boxes
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor
from ami_ros.body.simulators import SIMULATORS
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import LARGEST, load_settings, setting
from ami_ros.types import FloatArray

# Messages of the sensors that a process can have.
PROCESS_PROVIDES = ("FluidPressure", "Float64MultiArray", "Temperature", "TwistStamped", "WrenchStamped")
KINDS = (*SIMULATORS, "process", "none")


@dataclass(frozen=True)
class ArmSimulation:
    """An arm in a simulator, with its cameras and surrounding boxes by name."""

    kind: str = setting("the simulator", choices=tuple(SIMULATORS))
    urdf: str = setting("URDF with meshes; default: that of the arm")
    hold_joints: tuple[str, ...] = setting("joints outside joint_names that are held, such as a gripper's")
    hold_position: tuple[float, ...] = setting("positions of hold_joints", unit="rad|m")
    tool_parent: str = setting("URDF link that holds the tool: its frame is the tip")
    scenery: dict = field(default_factory=dict)  # type: ignore[type-arg]  # name -> Box
    folder: Path = Path()  # of the YAML; file names are relative to it
    fingers: Fingers | None = None  # of its grippers

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
    kind: ClassVar[str] = "process"
    held: ClassVar[tuple[str, ...]] = ()
    hold_joints: ClassVar[tuple[str, ...]] = ()
    hold_position: ClassVar[tuple[float, ...]] = ()


@dataclass(frozen=True)
class NoSimulation:
    """A robot without simulation."""

    kind: ClassVar[str] = "none"
    hold_joints: ClassVar[tuple[str, ...]] = ()
    hold_position: ClassVar[tuple[float, ...]] = ()
    held: tuple[str, ...] = setting("further joints that joint states may contain")


Simulation: TypeAlias = ArmSimulation | DriveSimulation | ProcessSimulation | NoSimulation


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
    drives = any(isinstance(group, BaseGroup) and group.base is not None for group in groups)
    able = _able(groups, drives)
    if kind not in able:
        more = "; a twist in a simulator needs a section base" if actions.meaning == "twist" else ""
        more = "; simulators know one arm, and groups with a section gripper" if len(groups) > 1 else more
        raise EmbodimentError(
            f"{here}: kind: got {kind}, expected {' or '.join([*able, 'none'])} for {actions.meaning}{more}"
        )
    for name, sensor in sensors.items():
        message = "Image" if isinstance(sensor, ImageSensor) else sensor.message
        if message not in able[kind]:
            raise EmbodimentError(
                f"{here}: sensor {name}: got {message}, which a simulation of kind {kind} does not know; "
                f"expected one of {list(able[kind])}, or kind: none"
            )
    if kind in SIMULATORS:
        return (
            read_drive_simulation(kind, keys, actions, path.parent, here)
            if drives
            else _arm(kind, keys, groups, path.parent, here)
        )
    given = load_settings(_ProcessSection, keys, where=here, also=["kind"]).sensors
    if set(given) != set(sensors):
        raise EmbodimentError(f"{here}: sensors: got {shown(list(given))}, expected {list(sensors)}")
    vectors = [sensor for sensor in sensors.values() if isinstance(sensor, VectorSensor)]
    return ProcessSimulation({s.name: _process_sensor(given[s.name], s, actions, here) for s in vectors})


def _able(groups: Sequence[Group], drives: bool) -> dict[str, tuple[str, ...]]:
    """Return the kinds of simulation that fit a body, with the messages of the sensors that they know."""
    is_commanded = all(group.actions.meaning in COMMANDED for group in groups)
    able = {}
    grippers = [group for group in groups if isinstance(group, GripperGroup)]
    if len(groups) == 1 and (drives or not is_commanded):
        able = {kind: known.base if drives else known.arm for kind, known in SIMULATORS.items()}
    elif grippers and len(groups) == len(grippers) + 1 and any(isinstance(g, ArmGroup) for g in groups):
        able = {
            kind: (*known.arm, *known.gripper) if known.gripper else () for kind, known in SIMULATORS.items()
        }
    if is_commanded:
        able["process"] = PROCESS_PROVIDES
    return {kind: messages for kind, messages in able.items() if messages}


def _arm(kind: str, keys: dict[str, Any], groups: Sequence[Group], folder: Path, here: str) -> ArmSimulation:
    scenery = read_boxes(keys.pop("scenery", {}), f"{here}: scenery")
    fingers = read_fingers(keys.pop("fingers", {}), groups, f"{here}: fingers")
    given = {"urdf": "", **keys, "kind": kind, "scenery": scenery, "folder": folder, "fingers": fingers}
    return load_settings(ArmSimulation, given, where=here)


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
