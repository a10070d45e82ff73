# SPDX-License-Identifier: Apache-2.0
"""The world of an arm in PyBullet."""

from __future__ import annotations

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ArmSimulation
from ami_ros.sim.pybullet.arm import Arm
from ami_ros.sim.pybullet.stage import BulletStage
from ami_ros.sim.world.arm_stage import ArmStage
from ami_ros.sim.world.tricks import AWAY


class Scene(BulletStage, ArmStage):
    """An arm on a table in front of fixed cameras.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes, for videos.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, detailed: bool = False) -> None:
        simulation = spec.simulation
        scenery = simulation.scenery if isinstance(simulation, ArmSimulation) else {}
        super().__init__(spec, physics_hz, scenery)
        arm = Arm(self._bullet, spec, detailed)
        self._arm_body = arm.body
        self._foot = self._bullet.pose(arm.body)
        self._carry_cameras()
        self._use(arm, arm.hand)

    @property
    def _robot(self) -> int:
        return self._arm_body

    def show_body(self, shown: bool) -> None:
        """Show the arm, or hide it while it keeps its joints."""
        if shown:
            self._bullet.set_pose(self._arm_body, *self._foot)
        else:
            self._bullet.place(self._arm_body, AWAY[:3].tolist(), float(AWAY[3]))
