# SPDX-License-Identifier: Apache-2.0
"""How a robot's controller receives its commands: message, fields and topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ami_ros.body.actions import ActionSpec
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting

JOINTS = ("cartesian_velocity", "joint_velocity", "joint_position")
# Channels of a twist, and their fields in a geometry_msgs/Twist.
TWIST: Mapping[str, str] = MappingProxyType(
    {
        "vx": "linear.x",
        "vy": "linear.y",
        "vz": "linear.z",
        "wx": "angular.x",
        "wy": "angular.y",
        "wz": "angular.z",
    }
)


@dataclass(frozen=True)
class Interface:
    """One way to take commands. A new one is a line in INTERFACES.

    Attributes:
        package: of the message.
        message: its name.
        meanings: of an action that it can carry.
        topic: where controllers of this kind usually listen.
        vector: content of its `data`, position or velocity of all channels; empty for none.
        fields: channel -> field of its position, where each has its own field.
    """

    package: str
    message: str
    meanings: tuple[str, ...]
    topic: str
    vector: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


INTERFACES: Mapping[str, Interface] = MappingProxyType(
    {
        "trajectory": Interface(
            "trajectory_msgs", "JointTrajectory", JOINTS, "joint_trajectory_controller/joint_trajectory"
        ),
        "forward_position": Interface(
            "std_msgs", "Float64MultiArray", JOINTS, "forward_position_controller/commands", "position"
        ),
        "forward_velocity": Interface(
            "std_msgs", "Float64MultiArray", JOINTS, "forward_velocity_controller/commands", "velocity"
        ),
        "float_array": Interface(
            "std_msgs", "Float64MultiArray", (*JOINTS, "setpoint"), "setpoints", "position"
        ),
        "twist": Interface("geometry_msgs", "Twist", ("twist",), "cmd_vel", fields=TWIST),
        "twist_stamped": Interface(
            "geometry_msgs",
            "TwistStamped",
            ("twist",),
            "cmd_vel",
            fields={channel: f"twist.{path}" for channel, path in TWIST.items()},
        ),
    }
)


@dataclass(frozen=True)
class Output:
    """What the gate publishes to a controller."""

    interface: str = setting("interface of the controller", choices=tuple(INTERFACES))
    topic: str = setting("of the commands")
    rate_hz: float = setting("commands per second; 0: one per tick of the gate", ge=0.0, le=1000.0, unit="Hz")

    @property
    def of(self) -> Interface:
        """The interface itself."""
        return INTERFACES[self.interface]


def read_output(section: Any, where: str) -> Output:
    """Return an output of a robot's YAML; without `rate_hz` it sends one command per tick of the gate.

    Args:
        section: of the YAML.
        where: name of the section in messages.

    Raises:
        ConfigError: unknown or missing keys, an unknown interface.
        EmbodimentError: not a mapping, or no topic.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{where}: got {shown(section)}, expected a mapping of settings")
    output = load_settings(Output, {"rate_hz": 0.0, **section}, where=where)
    if not output.topic:
        raise EmbodimentError(f"{where}: topic: got nothing, expected the topic's name")
    return output


def check_carries(output: Output, actions: ActionSpec, where: str, of_actions: str) -> None:
    """Refuse an output that cannot carry what one action means, or one of its channels.

    Args:
        output: carries the actions.
        actions: of the group.
        where: name of the output's section in messages.
        of_actions: name of the actions' section in messages.

    Raises:
        EmbodimentError: names what it could be.
    """
    if actions.meaning not in output.of.meanings:
        able = [name for name, interface in INTERFACES.items() if actions.meaning in interface.meanings]
        raise EmbodimentError(
            f"{where}.interface: got {output.interface}, which cannot carry {actions.meaning}; "
            f"expected one of {able}"
        )
    if output.of.fields and not set(actions.names) <= set(output.of.fields):
        raise EmbodimentError(
            f"{of_actions}.channels: got {list(actions.names)}, "
            f"expected some of {list(output.of.fields)} for {output.interface}"
        )
