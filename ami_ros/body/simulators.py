# SPDX-License-Identifier: Apache-2.0
"""The simulators that can stand in for an arm or a base: one line for each `simulation.kind`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Simulator:
    """One simulator, and what it can do.

    Attributes:
        backend: module whose `open_stage(spec, physics_hz, detailed)` opens a robot's world; only what
            simulates imports it.
        arm: messages of the sensors that it simulates on an arm; empty: it simulates no arms.
        base: the same on a base.
        gripper: messages of further sensors on an arm with grippers; empty: it simulates no grippers.
    """

    backend: str
    arm: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    gripper: tuple[str, ...] = ()


ARM = ("Image", "JointState", "TwistStamped", "WrenchStamped")
SIMULATORS: Mapping[str, Simulator] = MappingProxyType(
    {
        "bullet": Simulator(
            "ami_ros.sim.pybullet.open_stage",
            ARM,
            base=("Image", "Odometry"),
            gripper=("Float64MultiArray",),
        ),
        "mujoco": Simulator("ami_ros.sim.mujoco.open_stage", ARM),
    }
)
