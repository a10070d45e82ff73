# SPDX-License-Identifier: Apache-2.0
"""From a robot's YAML to its simulated world."""

from __future__ import annotations

from importlib import import_module

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulators import SIMULATORS
from ami_ros.errors import EmbodimentError
from ami_ros.sim.world.process import Process
from ami_ros.sim.world.world import World, as_stage


def open_world(spec: RobotSpec, physics_hz: float, detailed: bool = False) -> World:
    """Open the simulated world of a robot: a `Stage` unless it is a process.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second; a process is exact at any step.
        detailed: slow, pretty meshes, for videos.

    Raises:
        EmbodimentError: the robot has no simulation, or does not fit it.
    """
    kind = spec.simulation.kind
    if kind == "process":
        return Process(spec)
    if kind not in SIMULATORS:
        raise EmbodimentError(
            f"{spec.name}: simulation: got kind: {kind}, expected one of {[*SIMULATORS, 'process']}; "
            "without one, record on the robot itself"
        )
    backend = import_module(SIMULATORS[kind].backend)  # only here: nobody needs the others
    return as_stage(backend.open_stage(spec, physics_hz, detailed))
