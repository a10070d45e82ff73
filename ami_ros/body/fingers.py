# SPDX-License-Identifier: Apache-2.0
"""The fingers of a simulated gripper: which joints of the simulation's URDF each channel moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ami_ros.body.groups import GripperGroup, Group
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import LARGEST, load_settings, setting


@dataclass(frozen=True, eq=False)
class Fingers:
    """The fingers of all grippers of a robot.

    Attributes:
        friction: Coulomb friction of their surfaces.
        joints: channel -> joint -> its position per unit of the channel.
        force: channel -> largest force of each of its joints, N or N m.
        speed: channel -> its largest speed, units/s.
        fixed: (3,) from the tip to the surface of a finger that does not move, in the tip's frame, m; zeros
            where all fingers move.
    """

    friction: float
    joints: Mapping[str, Mapping[str, float]]
    force: Mapping[str, float]
    speed: Mapping[str, float]
    fixed: tuple[float, ...] = (0.0, 0.0, 0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the joints, channel by channel."""
        return tuple(joint for joints in self.joints.values() for joint in joints)


@dataclass(frozen=True)
class _FingersSection:
    """The keys of the section, before they are checked against each other."""

    friction: float = setting("Coulomb friction of the fingers", gt=0.0, le=10.0)
    channels: dict = setting("channel -> joint -> its position per unit of the channel")  # type: ignore[type-arg]
    fixed: tuple[float, ...] = setting(
        "from the tip to a finger that does not move, in the tip's frame", ge=-1.0, le=1.0, unit="m"
    )

    def __post_init__(self) -> None:
        if len(self.fixed) != 3:
            raise EmbodimentError(f"fixed: got {self.fixed}, expected [x, y, z]")


def read_fingers(section: Any, groups: Sequence[Group], where: str) -> Fingers | None:
    """Return the fingers of a robot's simulation; None where it has no gripper.

    Args:
        section: of the YAML; {} without gripper.
        groups: of the robot.
        where: name of the section in messages.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: not a share for each joint of exactly the grippers' channels.
    """
    grippers = [group for group in groups if isinstance(group, GripperGroup)]
    channels = {channel.name: (channel, g) for g in grippers for channel in g.actions.channels}
    if not grippers and section == {}:
        return None
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: got {shown(section)}, expected a mapping of settings")
    raw = load_settings(_FingersSection, {"fixed": list(Fingers.fixed), **section}, where=where)
    if set(raw.channels) != set(channels):
        raise EmbodimentError(
            f"{where}.channels: got {list(raw.channels)}, expected the channels of grippers: {list(channels)}"
        )
    for name, joints in raw.channels.items():
        if not isinstance(joints, Mapping) or not joints or not all(map(_is_share, joints.values())):
            raise EmbodimentError(
                f"{where}.channels.{name}: got {shown(joints)}, expected joints, each with its position per "
                "unit of the channel, other than 0"
            )
    return Fingers(
        raw.friction,
        {
            name: {str(joint): float(share) for joint, share in raw.channels[name].items()}
            for name in channels
        },
        {name: group.gripper.force for name, (_, group) in channels.items()},
        {name: float(channel.velocity or 0.0) for name, (channel, _) in channels.items()},
        raw.fixed,
    )


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0.0 < abs(value) <= LARGEST
