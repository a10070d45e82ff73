# SPDX-License-Identifier: Apache-2.0
"""From the name of a meaning in a robot's YAML to its implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ami_ros.body.meanings.cartesian_velocity import CartesianVelocity
from ami_ros.body.meanings.joint_position import JointPosition
from ami_ros.body.meanings.joint_velocity import JointVelocity
from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.meanings.setpoint import Setpoint
from ami_ros.body.meanings.together import Together
from ami_ros.body.meanings.twist import Twist
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import EmbodimentError

KNOWN: Mapping[str, Callable[[RobotSpec], Meaning]] = MappingProxyType(
    {
        "cartesian_velocity": CartesianVelocity,
        "joint_velocity": JointVelocity,
        "joint_position": JointPosition,
        "twist": Twist,
        "setpoint": Setpoint,
    }
)


def meaning_of(spec: RobotSpec) -> Meaning:
    """Return what an action of this robot means.

    Raises:
        EmbodimentError: an unknown meaning, or channels that do not fit it.
        KinematicsError: the URDF does not fit the robot.
    """
    if len(spec.groups) > 1:
        return Together(spec, [meaning_of(part) for part in spec.parts])
    meaning = spec.actions.meaning
    if meaning not in KNOWN:
        raise EmbodimentError(
            f"{spec.name}: actions.meaning: got {meaning!r}, expected one of {sorted(KNOWN)}"
        )
    return KNOWN[meaning](spec)


def observed_vectors(spec: RobotSpec) -> tuple[VectorSensor, ...]:
    """Return the sensors to observe besides the cameras: the model's, and the one where proposals start."""
    starts = {group.start_sensor(spec.sensors) for group in spec.groups}
    starts |= {group.begin_sensor for group in spec.groups}
    return tuple(vector for vector in spec.vectors if "model" in vector.used_by or vector.name in starts)
