# SPDX-License-Identifier: Apache-2.0
"""An action is the linear velocity of the tip; the commands are the matching joint positions."""

from __future__ import annotations

import numpy as np

from ami_ros.body.actions import AXES
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.arm_meaning import ArmMeaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation


class CartesianVelocity(ArmMeaning):
    """Implements `Meaning` for an arm. The tip moves inside the workspace box; at rest it may stay outside.

    Raises:
        KinematicsError: the URDF does not fit the robot.
    """

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self._kinematics = Kinematics(spec)

    def _velocities(self, joints: FloatArray, flat: FloatArray) -> FloatArray:
        return flat

    def _led(self, joints: FloatArray, flat: FloatArray) -> list[FloatArray]:
        spec, points = self._spec, []
        for action in flat:
            joints = self._kinematics.step(joints, spec.tip_velocity(action), spec.step_ns / 1e9)
            points.append(joints)
        return points

    def hold(self, observation: Observation) -> FloatArray:
        """Return zero velocity (A,)."""
        return np.zeros(self._spec.action_size)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the tip's velocity (A,), m/s, at the start of that joint motion (J,).

        By the Jacobian there, like `Kinematics.step`; the curvature of the tip's way makes this up to a tenth
        of it wrong.
        """
        moved = self._kinematics.jacobian(start)[:3] @ (end - start)
        velocity: FloatArray = moved[[AXES.index(axis) for axis in self._spec.actions.names]] / duration_s
        return velocity
