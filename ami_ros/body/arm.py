# SPDX-License-Identifier: Apache-2.0
"""The part of a body that has joints and a URDF: kinematics, home, workspace and tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.limits import ChannelLimits, limit_array, limits_of_urdf, tightened
from ami_ros.body.resources import resource
from ami_ros.body.sensors import Sensor, VectorSensor
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting
from ami_ros.types import FloatArray

ORIENTATIONS = ("kept", "free")


@dataclass(frozen=True)
class ToolSpec:
    """A round rod that the hand holds: it begins at the tip and points along the tip's z axis."""

    length: float = setting("from the tip to the end of the rod", gt=0.0, le=1.0, unit="m")
    radius: float = setting("radius of the rod", gt=0.0, le=0.1, unit="m")


@dataclass(frozen=True, eq=False)
class Arm:
    """Joints with a URDF.

    Attributes:
        sensor: name of the sensor that measures the joints; its order is that of every joint vector.
        joint_names: (J,) of that sensor.
        limits: of the joints (J,).
        home: (J,) rad or m; also the rest posture that redundancy is resolved toward.
        urdf: kinematic URDF, a path.
        tip_frame: URDF frame of the tip.
        workspace: (2, 3) lower and upper corner of the box the tip stays in, base frame, m.
        tool: what the hand holds, or None.
        orientation: of the tip while actions move it: kept as it is at home, or free, for an arm that has too
            few joints to keep it.
        tip_offset: (3,) from `tip_frame` to the point that moves and is judged, in that frame, m.
    """

    sensor: str
    joint_names: tuple[str, ...]
    limits: ChannelLimits
    home: FloatArray
    urdf: Path
    tip_frame: str
    workspace: FloatArray
    tool: ToolSpec | None = None
    orientation: str = "kept"
    tip_offset: tuple[float, ...] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class _ArmSection:
    """The keys of the section, before they are checked against each other."""

    joints: str = setting("sensor that measures the joints")
    limits: dict = setting("limit name -> list per joint, or null for not limited")  # type: ignore[type-arg]
    home: tuple[float, ...] = setting("rest posture", unit="rad|m")
    urdf: str = setting("kinematic URDF, relative to the YAML, absolute or package://")
    tip_frame: str = setting("URDF frame of the tip")
    workspace: dict = setting("lower and upper corner of the tip's box", unit="m")  # type: ignore[type-arg]
    tool: dict = setting("tool in the hand; {}: none")  # type: ignore[type-arg]
    orientation: str = setting("orientation of the tip: kept as at home, or free", choices=ORIENTATIONS)
    tip_offset: tuple[float, ...] = setting(
        "from that frame to the tip, along its axes", ge=-10.0, le=10.0, unit="m"
    )

    def __post_init__(self) -> None:
        if len(self.tip_offset) != 3:
            raise EmbodimentError(f"tip_offset: got {self.tip_offset}, expected [x, y, z]")
        if self.tool and any(self.tip_offset):
            raise EmbodimentError(f"tip_offset: got {self.tip_offset} with a tool, whose frame is the tip")


def read_arm(section: Any, sensors: Mapping[str, Sensor], path: Path, where: str) -> Arm:
    """Return the arm of a robot's YAML.

    Args:
        section: of the YAML.
        sensors: by name.
        path: of the YAML; file names are relative to its folder.
        where: name of the section in messages.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: the numbers contradict each other, the URDF or the sensors.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: got {shown(section)}, expected a mapping of settings")
    defaults = {"orientation": Arm.orientation, "tip_offset": list(Arm.tip_offset)}
    raw = load_settings(_ArmSection, {**defaults, **section}, where=where)
    sensor = sensors.get(raw.joints)
    if not isinstance(sensor, VectorSensor) or not sensor.is_joints:
        raise EmbodimentError(
            f"{where}.joints: got {shown(raw.joints)}, expected a sensor with message JointState: "
            f"one of {_able(sensors)}"
        )
    if "gate" not in sensor.used_by:  # without it the gate would command from where the arm is not
        raise EmbodimentError(
            f"{where}.joints: got {raw.joints}, which is used_by {list(sensor.used_by)}, expected a "
            f"sensor with message JointState that is used_by the gate: one of {_able(sensors)}"
        )
    count, urdf = len(sensor.names), resource(raw.urdf, path.parent)
    of_urdf = limits_of_urdf(urdf, sensor.names)
    _check_units(sensor, of_urdf.units, path)
    limits = ChannelLimits.from_mapping(tightened(of_urdf, raw.limits, where), count, where)
    home = limit_array(f"{where}: home", raw.home, count)
    if home is None:
        raise EmbodimentError(f"{where}: home: got null, expected {count} numbers")
    for bound, sign in ((limits.lower, -1.0), (limits.upper, 1.0)):
        if bound is not None and (sign * (home - bound) > 0).any():
            raise EmbodimentError(f"{where}: home {raw.home} lies outside the position limits")
    workspace = np.stack([_corner(where, raw.workspace, key) for key in ("lower", "upper")])
    if not (workspace[0] < workspace[1]).all():
        raise EmbodimentError(f"{where}: workspace: lower {workspace[0]} is not below upper {workspace[1]}")
    workspace.setflags(write=False)
    tool = load_settings(ToolSpec, raw.tool, where=f"{where}: tool") if raw.tool else None
    return Arm(
        raw.joints,
        sensor.names,
        limits,
        home,
        urdf,
        raw.tip_frame,
        workspace,
        tool,
        raw.orientation,
        raw.tip_offset,
    )


def _able(sensors: Mapping[str, Sensor]) -> list[str]:
    """Return the names of the sensors that measure joints for the gate."""
    return [
        name
        for name, sensor in sensors.items()
        if isinstance(sensor, VectorSensor) and sensor.is_joints and "gate" in sensor.used_by
    ]


def _check_units(sensor: VectorSensor, units: Sequence[str], path: Path) -> None:
    """Refuse units that joint states lack: each joint (J) has the URDF's, rad or m where that is empty."""
    able: list[tuple[str, ...]] = [(unit,) for unit in units] or [("rad", "m")] * len(sensor.values)
    for (name, unit), expected in zip(sensor.values, able, strict=True):
        if unit not in expected:
            raise EmbodimentError(
                f"{path}: sensors.{sensor.name}: values.{name}: got {unit!r}, expected "
                f"{' or '.join(expected)}, the units of joint states"
            )


def _corner(where: str, box: Mapping[str, Any], key: str) -> FloatArray:
    corner = limit_array(f"{where}: workspace.{key}", box.get(key), 3)
    if corner is None or set(box) != {"lower", "upper"}:
        raise EmbodimentError(
            f"{where}: workspace: got {dict(box)}, expected lower: [x, y, z] and upper: [x, y, z]"
        )
    return corner
