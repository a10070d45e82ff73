# SPDX-License-Identifier: Apache-2.0
"""Selects the space to explore by the meaning of a robot's actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.area_territory import AreaTerritory
from ami_ros.exploration.box_territory import (
    Box,
    BoxTerritory,
    joined,
    joint_box,
    setpoint_box,
    workspace_box,
)
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.exploration.territory import Territory

BOXES: Mapping[str, Callable[[RobotSpec, Meaning], Box]] = MappingProxyType(
    {
        "cartesian_velocity": workspace_box,
        "joint_velocity": joint_box,
        "joint_position": joint_box,
        "setpoint": setpoint_box,
    }
)


def territory_of(spec: RobotSpec, settings: ExplorerSettings, meaning: Meaning) -> Territory:
    """Return the space to explore of a robot.

    Args:
        spec: the robot.
        settings: speed, border and cells.
        meaning: meaning of its actions; provides the set points.

    Raises:
        EmbodimentError: its space has no bounds.
        KinematicsError: the URDF does not fit the robot.
    """
    step_s = spec.step_ns / 1e9
    if len(spec.groups) == 1:
        box = BOXES.get(spec.actions.meaning)
        return (
            AreaTerritory(spec, settings)
            if box is None
            else BoxTerritory(box(spec, meaning), settings, step_s)
        )
    if roams := [group.name for group in spec.groups if group.actions.meaning not in BOXES]:
        raise EmbodimentError(
            f"{spec.name}: explore: got {roams} besides other groups, expected a base alone: a base's place "
            "is a pose, that of other groups the values of their channels"
        )
    parts = zip(spec.parts, meaning.parts, strict=True)
    boxes = [BOXES[part.actions.meaning](part, own) for part, own in parts]
    return BoxTerritory(joined(boxes), settings, step_s)
