# SPDX-License-Identifier: Apache-2.0
"""The robot description: RobotSpec, JointLimits, CameraSpec, read from config/robots/<name>.yaml."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.config import load_settings, read_yaml, setting
from ami_ros.errors import EmbodimentError, shown
from ami_ros.share import config_path
from ami_ros.task_file import merged, read_task
from ami_ros.types import FloatArray

CONTROL_MODES = ("cartesian_velocity",)
AXES = ("x", "y", "z")


@dataclass(frozen=True, eq=False)
class JointLimits:
    """Limits per joint (J,). ``None`` means *not limited*, which is never the same as zero.

    Attributes:
        lower: rad or m.
        upper: rad or m.
        velocity: rad/s or m/s, positive.
        acceleration: rad/s^2 or m/s^2, positive.
        jerk: rad/s^3 or m/s^3, positive.
        effort: N m or N, positive.
    """

    lower: FloatArray | None
    upper: FloatArray | None
    velocity: FloatArray | None
    acceleration: FloatArray | None
    jerk: FloatArray | None
    effort: FloatArray | None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], count: int, where: str) -> JointLimits:
        """Validate a mapping of limit name to list (or null).

        Raises:
            EmbodimentError: unknown or missing names, wrong lengths, non-finite, non-positive or inverted.
        """
        names = tuple(cls.__dataclass_fields__)
        if not isinstance(values, Mapping) or set(values) != set(names):
            got = sorted(values, key=str) if isinstance(values, Mapping) else values
            raise EmbodimentError(
                f"{where}: limits: got {got}, expected exactly {list(names)} (null = not limited)"
            )
        arrays = {name: _limit_array(f"{where}: limits.{name}", values[name], count) for name in names}
        for name in names[2:]:
            array = arrays[name]
            if array is not None and not np.all(array > 0):
                raise EmbodimentError(
                    f"{where}: limits.{name}: got {values[name]}, expected positive numbers"
                )
        limits = cls(**arrays)
        if limits.lower is not None and limits.upper is not None and not (limits.lower < limits.upper).all():
            bad = np.flatnonzero(limits.lower >= limits.upper).tolist()
            raise EmbodimentError(
                f"{where}: limits: lower is not below upper for joint index {bad}: "
                f"lower {limits.lower[bad].tolist()}, upper {limits.upper[bad].tolist()}"
            )
        return limits


def _limit_array(where: str, values: Any, count: int) -> FloatArray | None:
    if values is None:
        return None
    # Spelled out because numpy takes true, false and "1.5" for numbers.
    if not isinstance(values, (list, tuple)) or not all(type(value) in (int, float) for value in values):
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} numbers or null")
    if any(abs(value) > sys.float_info.max for value in values):  # a whole number may be too large for numpy
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} finite numbers or null")
    array = np.array(values, dtype=np.float64)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} finite numbers or null")
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class CameraSpec:
    """A camera: what the robot publishes, and where the simulator puts it."""

    name: str = setting("topic namespace of the camera")
    frame_id: str = setting("tf frame of the image")
    width: int = setting("image width", ge=16, le=4096, unit="px")
    height: int = setting("image height", ge=16, le=4096, unit="px")
    rate_hz: float = setting("frames per second", gt=0.0, le=120.0, unit="Hz")
    vertical_fov_deg: float = setting("vertical field of view", gt=1.0, lt=179.0, unit="deg")
    eye: tuple[float, ...] = setting("camera position in the base frame", unit="m")
    look_at: tuple[float, ...] = setting("point in the image centre, base frame", unit="m")

    def __post_init__(self) -> None:
        for name in ("eye", "look_at"):
            if len(getattr(self, name)) != 3:
                raise EmbodimentError(
                    f"camera {self.name}: {name}: got {getattr(self, name)}, expected [x, y, z]"
                )
        if self.eye == self.look_at:
            raise EmbodimentError(
                f"camera {self.name}: eye and look_at are both {self.eye}, expected two points"
            )


@dataclass(frozen=True)
class ToolSpec:
    """A round rod that the hand holds: it begins at the tip and points along the tip's z axis."""

    length: float = setting("from the tip to the end of the rod", gt=0.0, le=1.0, unit="m")
    radius: float = setting("of the rod", gt=0.0, le=0.1, unit="m")


@dataclass(frozen=True)
class SimulationSpec:
    """How the simulator stands in for this robot."""

    urdf: str = setting("URDF below pybullet_data, or an absolute path")
    hold_joints: tuple[str, ...] = setting("joints outside joint_names that are held (gripper)")
    hold_position: tuple[float, ...] = setting("positions of hold_joints", unit="rad|m")
    tool_parent: str = setting("link of the URDF that holds the tool; its frame is the tip")

    def __post_init__(self) -> None:
        if len(self.hold_joints) != len(self.hold_position):
            raise EmbodimentError(
                f"simulation: got {len(self.hold_joints)} hold_joints and {len(self.hold_position)} "
                "hold_position, expected one position for each joint"
            )


@dataclass(frozen=True, eq=False)
class RobotSpec:
    """Everything ami_ros knows about one robot.

    Attributes:
        name: file name of the YAML without suffix.
        joint_names: (J,) in the order of every vector in ami_ros.
        limits: joint limits.
        home: (J,) rad or m; also the rest posture that redundancy is resolved toward.
        control_mode: what one action means; ``cartesian_velocity`` is the tip's linear velocity in m/s.
        action_axes: the axes of the base frame that an action moves along, in order (A).
        control_hz: actions per second.
        action_block: control steps per action block (K).
        max_tip_speed: bound of each action component, m/s.
        urdf: kinematic URDF, a path.
        tip_frame: URDF frame that moves and is judged.
        workspace: (2, 3) lower and upper corner of the box the tip stays in, base frame, m.
        camera: the camera that the model looks through.
        simulation: the stand-in.
        tool: what the hand holds, or None.
        source: where the numbers come from.
    """

    name: str
    joint_names: tuple[str, ...]
    limits: JointLimits
    home: FloatArray
    control_mode: str
    control_hz: float
    action_block: int
    max_tip_speed: float
    urdf: Path
    tip_frame: str
    workspace: FloatArray
    camera: CameraSpec
    simulation: SimulationSpec
    source: str
    action_axes: tuple[str, ...] = AXES
    tool: ToolSpec | None = None

    @property
    def action_size(self) -> int:
        """Numbers per action (A)."""
        return len(self.action_axes)

    def tip_velocity(self, action: FloatArray) -> FloatArray:
        """Return the tip velocity (3,) of an action (A,); the axes it does not move along stand still."""
        velocity = np.zeros(3)
        velocity[[AXES.index(axis) for axis in self.action_axes]] = action
        return velocity

    def random_tip(self, generator: np.random.Generator) -> FloatArray:
        """Return a position (3,) drawn uniformly from the workspace box, m."""
        lower, upper = self.workspace
        position: FloatArray = generator.uniform(lower, upper)
        return position

    @property
    def step_ns(self) -> int:
        """Duration of one control step."""
        return round(1e9 / self.control_hz)


@dataclass(frozen=True)
class _RobotFile:
    """The keys of a robot YAML, before they are checked against each other."""

    joint_names: tuple[str, ...] = setting("joint names")
    limits: dict = setting("limit name -> list per joint, or null for not limited")  # type: ignore[type-arg]
    home: tuple[float, ...] = setting("rest posture", unit="rad|m")
    control_mode: str = setting("what one action means", choices=CONTROL_MODES)
    action_axes: tuple[str, ...] = setting("axes of the base frame that an action moves along")
    control_hz: float = setting("actions per second", gt=0.0, le=1000.0, unit="Hz")
    action_block: int = setting("control steps per action block", ge=1, le=50)
    max_tip_speed: float = setting("bound of each action component", gt=0.0, le=2.0, unit="m/s")
    urdf: str = setting("kinematic URDF, relative to the YAML")
    tip_frame: str = setting("URDF frame of the tip")
    workspace: dict = setting("lower and upper corner of the tip's box", unit="m")  # type: ignore[type-arg]
    camera: dict = setting("the camera")  # type: ignore[type-arg]
    simulation: dict = setting("the stand-in")  # type: ignore[type-arg]
    tool: dict = setting("what the hand holds; {} for nothing")  # type: ignore[type-arg]
    source: str = setting("where the numbers come from")


def load_robot(name_or_path: str | Path, task: str | None = None) -> RobotSpec:
    """Load config/robots/<name>.yaml, or a YAML file by path, as the task equips it.

    Args:
        name_or_path: the robot.
        task: a file in config/tasks, whose `embodiment` section wins over the robot's YAML.

    Raises:
        ConfigError: a file is missing or has unknown keys or wrong types.
        EmbodimentError: the numbers contradict each other.
    """
    path = Path(name_or_path)
    if path.suffix != ".yaml":
        path = config_path("robots", f"{name_or_path}.yaml")
    values = read_yaml(path)
    if task is not None:
        values = merged(values, read_task(task).embodiment)
    raw = load_settings(_RobotFile, values, where=str(path))
    count = len(raw.joint_names)
    if len(set(raw.joint_names)) != count or count == 0:
        raise EmbodimentError(f"{path}: joint_names: got {list(raw.joint_names)}, expected distinct names")
    limits = JointLimits.from_mapping(raw.limits, count, str(path))
    home = _limit_array(f"{path}: home", raw.home, count)
    if home is None:
        raise EmbodimentError(f"{path}: home: got null, expected {count} numbers")
    for bound, sign in ((limits.lower, -1.0), (limits.upper, 1.0)):
        if bound is not None and (sign * (home - bound) > 0).any():
            raise EmbodimentError(f"{path}: home {raw.home} lies outside the position limits")
    workspace = np.stack([_corner(path, raw.workspace, key) for key in ("lower", "upper")])
    if not (workspace[0] < workspace[1]).all():
        raise EmbodimentError(f"{path}: workspace: lower {workspace[0]} is not below upper {workspace[1]}")
    workspace.setflags(write=False)
    if not raw.action_axes or len(set(raw.action_axes)) != len(raw.action_axes):
        raise EmbodimentError(f"{path}: action_axes: got {list(raw.action_axes)}, expected distinct axes")
    if not set(raw.action_axes) <= set(AXES):
        raise EmbodimentError(f"{path}: action_axes: got {list(raw.action_axes)}, expected some of {AXES}")
    names = ("joint_names", "control_mode", "control_hz", "action_block", "max_tip_speed", "action_axes")
    return RobotSpec(
        name=path.stem,
        limits=limits,
        home=home,
        urdf=(path.parent / raw.urdf).resolve(),
        tip_frame=raw.tip_frame,
        workspace=workspace,
        camera=load_settings(CameraSpec, raw.camera, where=f"{path}: camera"),
        simulation=load_settings(SimulationSpec, raw.simulation, where=f"{path}: simulation"),
        source=raw.source,
        tool=load_settings(ToolSpec, raw.tool, where=f"{path}: tool") if raw.tool else None,
        **{name: getattr(raw, name) for name in names},
    )


def _corner(path: Path, box: Mapping[str, Any], key: str) -> FloatArray:
    corner = _limit_array(f"{path}: workspace.{key}", box.get(key), 3)
    if corner is None or set(box) != {"lower", "upper"}:
        raise EmbodimentError(
            f"{path}: workspace: got {dict(box)}, expected lower: [x, y, z] and upper: [x, y, z]"
        )
    return corner
