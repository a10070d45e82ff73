# SPDX-License-Identifier: Apache-2.0
"""A base with a differential drive in simulation: its wheels, how they grip, and what it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ami_ros.body.actions import ActionSpec
from ami_ros.body.resources import resource
from ami_ros.body.scenery import read_boxes
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting

CHANNELS = ("vx", "wz")  # of a base that cannot go sideways


@dataclass(frozen=True)
class Drive:
    """Wheels that turn alike on each side."""

    left: tuple[str, ...] = setting("joints of the wheels on the left")
    right: tuple[str, ...] = setting("joints of the wheels on the right")
    wheel_radius: float = setting("radius of a wheel", gt=0.0, le=10.0, unit="m")
    track: float = setting("distance between the wheels of the two sides", gt=0.0, le=100.0, unit="m")
    effort: float = setting("largest torque of a wheel", gt=0.0, le=1e6, unit="N m")
    grip: float = setting("largest force of a tyre along the ground", gt=0.0, le=1e6, unit="N")
    stiffness: float = setting(
        "force of a tyre per slip, in its rolling direction", gt=0.0, le=1e6, unit="N s/m"
    )
    stiffness_across: float = setting(
        "force of a tyre per slip, along its axle", gt=0.0, le=1e6, unit="N s/m"
    )

    def wheel_speeds(self, vx: float, wz: float) -> tuple[float, float]:
        """Return the angular speeds (rad/s) of left and right wheels for a motion in m/s and rad/s.

        Source: kinematics of the differential drive; Siegwart and Nourbakhsh, "Introduction to autonomous
        mobile robots" (2004), section 3.2.
        """
        turn = 0.5 * wz * self.track
        return (vx - turn) / self.wheel_radius, (vx + turn) / self.wheel_radius

    def motion(self, left: float, right: float) -> tuple[float, float]:
        """Return the motion vx (m/s), wz (rad/s) of wheels with angular speeds in rad/s, if none slips."""
        return 0.5 * (left + right) * self.wheel_radius, (right - left) * self.wheel_radius / self.track


@dataclass(frozen=True)
class DriveSimulation:
    """A base in a simulator, with its cameras and surrounding boxes by name."""

    kind: str  # of SIMULATORS
    urdf: Path
    drive: Drive
    scenery: dict = field(default_factory=dict)  # type: ignore[type-arg]  # name -> Box
    payload: dict = field(default_factory=dict)  # type: ignore[type-arg]  # name -> Box, in the base's frame
    pose_noise_std: tuple[float, ...] = (0.0, 0.0, 0.0)  # of the measured x, y (m) and yaw (rad)
    held: ClassVar[tuple[str, ...]] = ()
    hold_joints: ClassVar[tuple[str, ...]] = ()
    hold_position: ClassVar[tuple[float, ...]] = ()


@dataclass(frozen=True)
class _DriveSection:
    """The keys of the section, before they are checked against each other."""

    urdf: str = setting("URDF with meshes")
    drive: dict = setting("wheels of each side and their grip")  # type: ignore[type-arg]
    scenery: dict = setting("boxes around the robot, by name")  # type: ignore[type-arg]
    payload: dict = setting("boxes mounted on the base, by name, in its frame")  # type: ignore[type-arg]
    pose_noise_std: tuple[float, ...] = setting(
        "std of the noise of the measured x, y (m) and yaw (rad)", ge=0.0, le=10.0
    )


def read_drive_simulation(
    kind: str, keys: Mapping[str, Any], actions: ActionSpec, folder: Path, here: str
) -> DriveSimulation:
    """Return the simulation of a base.

    Args:
        kind: of SIMULATORS.
        keys: of the YAML's section.
        actions: of the body.
        folder: of the YAML; file names are relative to it.
        here: name of the section in messages.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: no such URDF, no wheels, or actions that such a drive cannot execute.
    """
    nothing = {"scenery": {}, "payload": {}, "pose_noise_std": [0.0, 0.0, 0.0]}
    raw = load_settings(_DriveSection, {**nothing, **keys}, where=here, also=["kind"])
    drive = load_settings(Drive, raw.drive, where=f"{here}: drive")
    wheels = [*drive.left, *drive.right]
    if not drive.left or not drive.right or len(set(wheels)) != len(wheels):
        raise EmbodimentError(
            f"{here}: drive: got left {list(drive.left)} and right {list(drive.right)}, expected joints of "
            "the URDF for each side, each once"
        )
    if not set(actions.names) <= set(CHANNELS):
        raise EmbodimentError(
            f"{here}: drive: got action channels {list(actions.names)}, expected some of {list(CHANNELS)}"
        )
    if len(raw.pose_noise_std) != 3:
        raise EmbodimentError(
            f"{here}: pose_noise_std: got {shown(raw.pose_noise_std)}, expected three numbers"
        )
    return DriveSimulation(
        kind,
        resource(raw.urdf, folder),
        drive,
        read_boxes(raw.scenery, f"{here}: scenery"),
        read_boxes(raw.payload, f"{here}: payload"),
        raw.pose_noise_std,
    )
