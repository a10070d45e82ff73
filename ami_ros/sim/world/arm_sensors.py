# SPDX-License-Identifier: Apache-2.0
"""What the sensors of a simulated arm measure: joints, the motion of the tip, forces on the hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.body.simulation import BULLET_PROVIDES
from ami_ros.errors import EmbodimentError
from ami_ros.sim.world.arm import Arm
from ami_ros.sim.world.bullet import Bullet
from ami_ros.types import FloatArray


class ArmSensors:
    """The vector sensors of one arm.

    Args:
        bullet: the physics.
        arm: in it.
        spec: the robot.
        kinematics: of its tip.

    Raises:
        EmbodimentError: a sensor that this simulator cannot provide; names it and the available ones.
    """

    def __init__(self, bullet: Bullet, arm: Arm, spec: RobotSpec, kinematics: Kinematics) -> None:
        self._bullet, self._arm, self._kinematics = bullet, arm, kinematics
        self._behind = self._links_behind(arm.joints[-1])
        self._moved = False
        self._read = {sensor.name: self._reader(sensor) for sensor in spec.vectors}

    def _reader(self, sensor: VectorSensor) -> Callable[[], FloatArray]:
        if sensor.message == "WrenchStamped":
            return self._wrench
        if sensor.message == "TwistStamped":
            return self._twist
        if sensor.message != "JointState":
            raise EmbodimentError(
                f"sensor {sensor.name}: got {sensor.message}, which a simulated arm does not have; "
                f"expected one of {list(BULLET_PROVIDES)}"
            )
        index = self._bullet.joint_indices(self._arm.body)
        missing = [name for name in sensor.names if name not in index]
        if missing:
            raise EmbodimentError(
                f"sensor {sensor.name}: joints {missing} not found in the simulation's URDF; "
                f"it has {list(index)}"
            )
        return partial(self._joints, [index[name] for name in sensor.names])

    def _links_behind(self, joint: int) -> set[int]:
        """Return the links that the last joint carries, including its own."""
        behind = {joint}
        for link, parent in enumerate(self._bullet.parents(self._arm.body)):
            if parent in behind:  # a parent comes before its children
                behind.add(link)
        return behind

    def forget(self) -> None:
        """Ignore contacts until the next step: PyBullet remembers those from before a reset."""
        self._moved = False

    def stepped(self) -> None:
        """Note that physics has advanced."""
        self._moved = True

    def read(self) -> dict[str, FloatArray]:
        """Return what each sensor measures now, in its units."""
        return {name: read() for name, read in self._read.items()}

    def _joints(self, joints: list[int]) -> FloatArray:
        """Return positions, then velocities, of joints."""
        return np.concatenate(self._bullet.joint_state(self._arm.body, joints))

    def _twist(self) -> FloatArray:
        """Return the tip's linear (m/s) and angular (rad/s) velocity (6,), axes of the base frame.

        Source: twist = Jacobian times joint velocity; Siciliano et al., "Robotics: Modelling, Planning and
        Control" (2009), eq. 3.4.
        """
        position, velocity = self._arm.state()
        self._kinematics.forward(position)
        twist: FloatArray = self._kinematics.jacobian(position) @ velocity
        return twist

    def _wrench(self) -> FloatArray:
        """Return force (N) and torque (N m) about the tip by the world on hand and tool (6,), tip axes.

        It is the sum of the contacts in the last physics step, like a wrist sensor with weight and inertia of
        its load compensated: 0 in free motion.
        Source: wrenches add up in one frame; Lynch and Park, "Modern Robotics" (2017), section 3.4.
        """
        place, turn = self._kinematics.forward(self._arm.state()[0])
        wrench = np.zeros(6)
        touches = self._bullet.touches(self._arm.body) if self._moved else []
        for link, point, force in touches:
            if link in self._behind:
                wrench += np.concatenate([turn.T @ force, turn.T @ np.cross(point - place, force)])
        return wrench
