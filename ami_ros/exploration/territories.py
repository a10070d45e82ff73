# SPDX-License-Identifier: Apache-2.0
"""Selects the space to explore by the meaning of a robot's actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.exploration.area_territory import AreaTerritory
from ami_ros.exploration.box_territory import Box, BoxTerritory, joint_box, setpoint_box, workspace_box
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
    of_actions = spec.actions.meaning
    if of_actions in BOXES:
        return BoxTerritory(BOXES[of_actions](spec, meaning), settings, spec.step_ns / 1e9)
    return AreaTerritory(spec, settings)
