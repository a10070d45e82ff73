# SPDX-License-Identifier: Apache-2.0
"""An action is the linear velocity of the tip; commanded are the joints that move it so."""

from __future__ import annotations

import numpy as np

from ami_ros.body.actions import AXES
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.held_posture import HeldPosture
from ami_ros.body.meanings.meaning import points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class CartesianVelocity:
    """Implements `Meaning` for an arm.

    Raises:
        KinematicsError: the URDF does not fit the robot.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._kinematics, self._posture = spec, Kinematics(spec), HeldPosture()

    def start(self, observation: Observation) -> FloatArray:
        """Return the observed joints (J,)."""
        return self._spec.joint_position(observation)

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Integrate actions (T, K, A) in m/s from the observed joints, in the workspace's box.

        Without any motion it stays as it is, outside the box, too.

        Returns:
            T * K + 1 points, the first where the robot is; stamped with the joint state it starts from.
        """
        spec, joints = self._spec, self.start(observation)
        flat = actions.reshape(-1, spec.action_size)
        points = self._posture.points(joints, flat)
        if points is None:
            points = [joints]
            for action in flat:
                joints = self._kinematics.step(joints, spec.tip_velocity(action), spec.step_ns / 1e9)
                points.append(joints)
        stamp_ns = observation[spec.joint_sensor].stamp_ns
        return points_over_time(spec.joint_names, points, spec.step_ns, stamp_ns)

    def hold(self, observation: Observation) -> FloatArray:
        """Return no velocity (A,)."""
        return np.zeros(self._spec.action_size)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the tip's velocity (A,), m/s, that joints (J,) which move so have at the start.

        By the Jacobian there, as `Kinematics.step` goes; the way that the tip is then off by its bend is up
        to a tenth of it.
        """
        moved = self._kinematics.jacobian(start)[:3] @ (end - start)
        velocity: FloatArray = moved[[AXES.index(axis) for axis in self._spec.actions.names]] / duration_s
        return velocity

    def forget(self) -> None:
        """Hold no posture: each proposal begins where the arm is measured."""
        self._posture.release()
