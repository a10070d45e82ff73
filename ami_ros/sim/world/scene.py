# SPDX-License-Identifier: Apache-2.0
"""The simulated world of an arm: table, objects and cameras, stepped by gate ticks."""

from __future__ import annotations

from collections.abc import Mapping

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import BulletSimulation
from ami_ros.sim.world.arm import Arm
from ami_ros.sim.world.arm_sensors import ArmSensors
from ami_ros.sim.world.stage import Stage
from ami_ros.types import Command, FloatArray


class Scene(Stage):
    """An arm on a table in front of fixed cameras.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes, for videos.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, detailed: bool = False) -> None:
        simulation = spec.simulation
        scenery = simulation.scenery if isinstance(simulation, BulletSimulation) else {}
        super().__init__(spec, physics_hz, scenery)
        self._arm = Arm(self._bullet, spec, detailed)
        self._carry_cameras(self._arm.body)
        self._kinematics = Kinematics(spec)
        self._arm_sensors = ArmSensors(self._bullet, self._arm, spec, self._kinematics)

    @property
    def arm_body(self) -> int:
        """The arm, as `bullet` knows it."""
        return self._arm.body

    @property
    def area(self) -> FloatArray:
        """The workspace, seen from above."""
        return self._spec.workspace[:, :2]

    @property
    def scale(self) -> float:
        """It is a table."""
        return 1.0

    def _place_body(self, start: FloatArray) -> None:
        self._arm.reset(start)

    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        self._arm.reset(moment["joints"])

    def _obey(self, command: Command) -> None:
        self._arm.obey(command)

    def _forget(self) -> None:
        self._arm_sensors.forget()

    def _stepped(self) -> None:
        self._arm_sensors.stepped()

    def joints(self) -> tuple[FloatArray, FloatArray]:
        """Return joint position (J,) and velocity (J,)."""
        return self._arm.state()

    def tip(self) -> FloatArray:
        """Return the true tip position (3,) in m: for scoring only, never for planning."""
        return self._kinematics.forward(self._arm.state()[0])[0]

    def touching(self) -> set[int]:
        """Return which links of the arm touched something other than the arm in the last physics step."""
        return {link for link, _, _ in self._bullet.touches(self.arm_body)}

    def truth(self) -> dict[str, FloatArray]:
        """Return where tip and objects are."""
        return {"tip": self.tip(), "objects": self.objects()}

    def snapshot(self) -> dict[str, FloatArray]:
        """Return tip, the poses of the objects, joints, and what touches walls."""
        shown = {"tip": self.tip(), "objects": self.poses(), "joints": self.joints()[0]}
        return shown | self.contacts()

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""
        return self._arm_sensors.read()
