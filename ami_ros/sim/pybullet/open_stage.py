# SPDX-License-Identifier: Apache-2.0
"""The way into this backend, as the table of simulators names it."""

from __future__ import annotations

from ami_ros.body.drive_simulation import DriveSimulation
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.pybullet.yard import Yard
from ami_ros.sim.world.world import Stage


def open_stage(spec: RobotSpec, physics_hz: float, detailed: bool = False) -> Stage:
    """Open a robot's world; arguments as for `open_world`. Raises EmbodimentError."""
    world = Yard if isinstance(spec.simulation, DriveSimulation) else Scene
    return world(spec, physics_hz, detailed)
