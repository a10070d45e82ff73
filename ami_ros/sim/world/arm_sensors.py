# SPDX-License-Identifier: Apache-2.0
"""What the sensors of a simulated arm measure: joints, grippers, the tip's motion, forces on the hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.body.simulators import SIMULATORS
from ami_ros.errors import EmbodimentError
from ami_ros.types import FloatArray


class SensedArm(Protocol):
    """What sensors can measure of an arm in a simulator.

    Attributes:
        carried: the links that its last joint carries, including its own.
    """

    carried: frozenset[str]

    @property
    def all_joints(self) -> Sequence[str]:
        """Names of the joints of its URDF, beyond those of the robot."""

    def joint_state(self, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return position (n,) and velocity (n,) of joints by name."""

    def touches(self) -> list[tuple[str, FloatArray, FloatArray]]:
        """Return link, place (3,) in m and force on it (3,) in N of each contact in the last physics step."""


class SensedHand(Protocol):
    """What sensors can measure of grippers in a simulator."""

    def opening(self) -> FloatArray:
        """Return where the channels of all grippers are (G,), in their units."""


class ArmSensors:
    """The vector sensors of one arm.

    Args:
        arm: in its simulator.
        spec: the robot.
        kinematics: of its tip.
        hand: its grippers; None without.

    Raises:
        EmbodimentError: a sensor that this simulator cannot provide; names it and the available ones.
    """

    def __init__(
        self, arm: SensedArm, spec: RobotSpec, kinematics: Kinematics, hand: SensedHand | None = None
    ) -> None:
        self._arm, self._spec, self._kinematics, self._hand = arm, spec, kinematics, hand
        self._moved = False
        self._read = {sensor.name: self._reader(sensor) for sensor in spec.vectors}

    def _reader(self, sensor: VectorSensor) -> Callable[[], FloatArray]:
        if sensor.message == "WrenchStamped":
            return self._wrench
        if sensor.message == "TwistStamped":
            return self._twist
        if self._hand is not None and sensor.message == "Float64MultiArray":
            return partial(self._opening, self._hand, self._channels(sensor))
        if sensor.message != "JointState":
            raise EmbodimentError(
                f"sensor {sensor.name}: got {sensor.message}, which a simulated arm does not have; "
                f"expected one of {list(SIMULATORS[self._spec.simulation.kind].arm)}"
            )
        missing = [name for name in sensor.names if name not in self._arm.all_joints]
        if missing:
            raise EmbodimentError(
                f"sensor {sensor.name}: joints {missing} not found in the simulation's URDF; "
                f"it has {list(self._arm.all_joints)}"
            )
        return partial(self._joints, sensor.names)

    def _channels(self, sensor: VectorSensor) -> list[int]:
        """Return the columns of a sensor's values among the grippers' channels. Raises EmbodimentError."""
        grippers = [group for group in self._spec.groups if group not in self._spec.arms]
        known = [(channel.name, channel.unit) for group in grippers for channel in group.actions.channels]
        if missing := [pair for pair in sensor.values if pair not in known]:
            raise EmbodimentError(
                f"sensor {sensor.name}: got values {dict(missing)}, expected channels of a gripper: "
                f"{dict(known)}"
            )
        return [known.index(pair) for pair in sensor.values]

    def forget(self) -> None:
        """Ignore contacts until the next step: a simulator may remember those from before a reset."""
        self._moved = False

    def stepped(self) -> None:
        """Note that physics has advanced."""
        self._moved = True

    def read(self) -> dict[str, FloatArray]:
        """Return what each sensor measures now, in its units."""
        return {name: read() for name, read in self._read.items()}

    @staticmethod
    def _opening(hand: SensedHand, columns: Sequence[int]) -> FloatArray:
        """Return where channels of grippers are."""
        return hand.opening()[list(columns)]

    def _joints(self, names: Sequence[str]) -> FloatArray:
        """Return positions, then velocities, of joints."""
        return np.concatenate(self._arm.joint_state(names))

    def _twist(self) -> FloatArray:
        """Return the tip's linear (m/s) and angular (rad/s) velocity (6,), axes of the base frame.

        Source: twist = Jacobian times joint velocity; Siciliano et al., "Robotics: Modelling, Planning and
        Control" (2009), eq. 3.4.
        """
        position, velocity = self._arm.joint_state(self._spec.joint_names)
        self._kinematics.forward(position)
        twist: FloatArray = self._kinematics.jacobian(position) @ velocity
        return twist

    def _wrench(self) -> FloatArray:
        """Return force (N) and torque (N m) about the tip by the world on hand and tool (6,), tip axes.

        It is the sum of the contacts in the last physics step, like a wrist sensor with weight and inertia of
        its load compensated: 0 in free motion.
        Source: wrenches add up in one frame; Lynch and Park, "Modern Robotics" (2017), section 3.4.
        """
        place, turn = self._kinematics.forward(self._arm.joint_state(self._spec.joint_names)[0])
        wrench = np.zeros(6)
        touches = self._arm.touches() if self._moved else []
        for link, point, force in touches:
            if link in self._arm.carried:
                wrench += np.concatenate([turn.T @ force, turn.T @ np.cross(point - place, force)])
        return wrench
