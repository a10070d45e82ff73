# SPDX-License-Identifier: Apache-2.0
"""From a robot's YAML to its simulated world."""

from __future__ import annotations

from ami_ros.body.drive_simulation import DriveSimulation
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import BulletSimulation, ProcessSimulation
from ami_ros.errors import EmbodimentError
from ami_ros.sim.world.process import Process
from ami_ros.sim.world.world import World


def open_world(spec: RobotSpec, physics_hz: float, detailed: bool = False) -> World:
    """Open the simulated world of a robot.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second of an arm; a process is exact at any step.
        detailed: slow, pretty meshes, for videos.

    Raises:
        EmbodimentError: the robot has no simulation, or does not fit it.
    """
    if isinstance(spec.simulation, ProcessSimulation):
        return Process(spec)
    if isinstance(spec.simulation, BulletSimulation):
        from ami_ros.sim.world.scene import Scene  # only here: a process needs no PyBullet

        return Scene(spec, physics_hz, detailed)
    if isinstance(spec.simulation, DriveSimulation):
        from ami_ros.sim.world.yard import Yard

        return Yard(spec, physics_hz, detailed)
    raise EmbodimentError(
        f"{spec.name}: simulation: got kind: none, expected bullet or process; "
        "without one, record on the robot itself"
    )
