# SPDX-License-Identifier: Apache-2.0
"""How a robot's controller wants its commands: message and topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ami_ros.config import load_settings, setting
from ami_ros.errors import EmbodimentError, shown

# Interface -> the meanings of an action that it can carry.
_JOINTS = ("cartesian_velocity", "joint_velocity", "joint_position")
INTERFACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "trajectory": _JOINTS,
        "forward_position": _JOINTS,
        "forward_velocity": _JOINTS,
        "twist": ("twist",),
        "twist_stamped": ("twist",),
        "float_array": ("setpoint", *_JOINTS),
    }
)


@dataclass(frozen=True)
class Output:
    """What the gate publishes to the robot's controller."""

    interface: str = setting("how the controller takes commands", choices=tuple(INTERFACES))
    topic: str = setting("of the commands")


def read_output(section: Any, meaning: str, where: str) -> Output:
    """Return the output of a robot's YAML.

    Raises:
        ConfigError: unknown or missing keys, an unknown interface.
        EmbodimentError: the interface cannot carry what an action means.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: output: got {shown(section)}, expected a mapping of settings")
    output = load_settings(Output, section, where=f"{where}: output")
    if meaning not in INTERFACES[output.interface]:
        able = [name for name, meanings in INTERFACES.items() if meaning in meanings]
        raise EmbodimentError(
            f"{where}: output.interface: got {output.interface}, which cannot carry {meaning}; "
            f"expected one of {able}"
        )
    if not output.topic:
        raise EmbodimentError(f"{where}: output: topic: got nothing, expected the topic's name")
    return output
