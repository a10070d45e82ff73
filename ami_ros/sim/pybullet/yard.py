# SPDX-License-Identifier: Apache-2.0
"""The world of a base in PyBullet: ground, objects on it, and cameras."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ami_ros.body.drive_simulation import DriveSimulation
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.variation import Variation
from ami_ros.sim.pybullet.stage import BulletStage
from ami_ros.sim.pybullet.wheeled_base import WheeledBase
from ami_ros.sim.world.tricks import AWAY
from ami_ros.types import Command, FloatArray

TABLE = 0.12  # m, the reach that objects on a table are made for, relative to a base's radius
NOWHERE = 3.0  # m to each side, the area of a base that may go anywhere


class Yard(BulletStage):
    """A base that drives in front of fixed cameras.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes, for videos.

    Raises:
        EmbodimentError: the robot has no base, or another kind of simulation.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, detailed: bool = False) -> None:
        simulation = spec.simulation
        if spec.base is None or not isinstance(simulation, DriveSimulation):
            raise EmbodimentError(
                f"{spec.name}: got no base with wheels to simulate, expected base and drive"
            )
        super().__init__(spec, physics_hz, simulation.scenery)
        self._of = spec.base
        self._base = WheeledBase(self._bullet, spec, simulation, physics_hz, detailed)
        self._carry_cameras()
        self._hidden: FloatArray | None = None  # the posture to show again
        self._noise_std = np.array(simulation.pose_noise_std)
        self._generator = np.random.default_rng(0)

    @property
    def area(self) -> FloatArray:
        """The box around the base's area."""
        if self._of.keep_in is None:
            return np.array([[-NOWHERE] * 2, [NOWHERE] * 2])
        return np.stack([self._of.keep_in.min(axis=0), self._of.keep_in.max(axis=0)])

    @property
    def scale(self) -> float:
        """In proportion to the base."""
        return self._of.radius / TABLE

    @property
    def _robot(self) -> int:
        return self._base.body

    @property
    def _loose(self) -> list[int]:
        return [self._robot, *super()._loose]

    def show_body(self, shown: bool) -> None:
        """Show the base, or hide it while its wheels stay as they are."""
        if not shown:
            self._hidden = self._base.posture()
            self._bullet.place(self._robot, AWAY[:3].tolist(), float(AWAY[3]))
        elif self._hidden is not None:
            self._base.show(self._hidden)
            self._hidden = None

    def _place_body(self, start: FloatArray) -> None:
        self._base.reset(start)

    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        self._base.show(moment["posture"])

    def _obey(self, command: Command) -> None:
        self._base.obey(command)

    def _step(self) -> None:
        self._base.roll()
        super()._step()

    def vary(self, variation: Variation | None, seed: int = 0) -> None:
        """Change the look from now on, and measure the pose with noise of this seed."""
        super().vary(variation, seed)
        self._generator = np.random.default_rng([seed, 1])

    def pose(self) -> FloatArray:
        """Return the true pose (3,), x, y in m and yaw in rad: for scoring only, never for planning."""
        return self._base.pose()

    def body(self) -> dict[str, FloatArray]:
        """Return the `pose` (3,): x, y in m and yaw in rad."""
        return {"pose": self.pose()}

    def truth(self) -> dict[str, FloatArray]:
        """Return position (2,), heading (2,) as cosine and sine, and where the objects are."""
        x, y, yaw = (float(value) for value in self.pose())
        heading = np.array([math.cos(yaw), math.sin(yaw)])
        return {"position": np.array([x, y]), "heading": heading, "objects": self.places()}

    def snapshot(self) -> dict[str, FloatArray]:
        """Return the pose, the poses of the objects, the posture of the base, and what touches walls."""
        shown = {"pose": self.pose(), "objects": self.poses(), "posture": self._base.posture()}
        return shown | self.contacts()

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now: the pose with noise, and the motion of the wheels."""
        x, y, yaw = self.pose() + self._generator.standard_normal(3) * self._noise_std
        vx, wz = self._base.rolling()
        yaw = math.atan2(math.sin(yaw), math.cos(yaw))
        known = {"x": x, "y": y, "yaw": yaw, "vx": vx, "vy": 0.0, "wz": wz}
        return {s.name: np.array([known[name] for name in s.names]) for s in self._spec.vectors}
