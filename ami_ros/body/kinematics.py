# SPDX-License-Identifier: Apache-2.0
"""Forward kinematics, Jacobian and Cartesian steps: a thin face over pinocchio."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pinocchio

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.urdf_checks import root_link
from ami_ros.body.urdf_model import UrdfModel
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray

# Damping of the least-squares inverse, in m and rad: large enough to stay calm near singularities,
# small enough to track within a millimetre in the workspace.
# Source: Nakamura and Hanafusa, "Inverse kinematic solutions with singularity robustness" (1986).
DAMPING = 0.01
REST_GAIN = 0.2
ORIENTATION_GAIN = 0.5


Drawn = TypeVar("Drawn")


def first_reachable(draw: Callable[[], Drawn]) -> Drawn:
    """Return the first of at most 100 draws that the robot can reach: a corner of its box may be too far out.

    Raises:
        KinematicsError: none of them can be reached.
    """
    for _ in range(99):
        try:
            return draw()
        except KinematicsError:
            continue
    return draw()


class Kinematics:
    """Kinematics of one robot; the tip keeps the orientation that it has at home, unless that is free.

    Args:
        spec: the robot.

    Attributes:
        base_frame: link that positions are relative to: the URDF's root.
        rows: of the Jacobian that a step follows: only the tip's position with a free orientation.

    Raises:
        KinematicsError: the URDF does not fit, see `UrdfModel`.
    """

    def __init__(self, spec: RobotSpec) -> None:
        spec = spec.arm_part
        self._urdf = UrdfModel(spec)
        self._model = self._urdf.model
        self._data = self._model.createData()
        self._tip = self._urdf.tip
        self.base_frame = root_link(self._urdf.urdf)
        self._spec = spec
        limits = spec.limits
        self._lower = -np.inf if limits.lower is None else limits.lower
        self._upper = np.inf if limits.upper is None else limits.upper
        self._down = self.forward(spec.home)[1]
        self.rows = 3 if spec.orientation == "free" else 6

    def forward(self, joint_position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the tip's position (3,) in m and rotation (3, 3), base frame."""
        pinocchio.framesForwardKinematics(self._model, self._data, self._urdf.configuration(joint_position))
        pose = self._data.oMf[self._tip]
        return pose.translation.copy(), pose.rotation.copy()

    def skeleton(self, joint_position: FloatArray) -> FloatArray:
        """Return the places of the joints, from the base to the tip (N, 3), m, for drawings."""
        tip, _ = self.forward(joint_position)
        joints = [place.translation.copy() for place in list(self._data.oMi)[1:]]
        return np.stack([np.zeros(3), *joints[: len(self._spec.joint_names)], tip])

    def jacobian(self, joint_position: FloatArray) -> FloatArray:
        """Return the tip's Jacobian (6, J), linear rows first, axes of the base frame."""
        axes = pinocchio.LOCAL_WORLD_ALIGNED
        jacobian: FloatArray = pinocchio.computeFrameJacobian(
            self._model, self._data, self._urdf.configuration(joint_position), self._tip, axes
        )
        return self._urdf.by_joint(jacobian.reshape(6, -1))  # for a single joint it is a vector

    def step(self, joint_position: FloatArray, tip_velocity: FloatArray, dt_s: float) -> FloatArray:
        """Return the joints (J,) that move the tip by `tip_velocity * dt_s`, inside the workspace box.

        A tip outside the box returns at most at `max_tip_speed` per axis, regardless of `tip_velocity`.

        A kept orientation is steered back to the one at home, and redundant motion toward the home posture,
        so that the arm's shape is (nearly) a function of its tip position.

        Source: damped least squares with null-space projection, Siciliano et al.,
        "Robotics: Modelling, Planning and Control" (2009), eq. 3.54 and 3.59.
        """
        position, _ = self.forward(joint_position)
        wanted = np.clip(position + np.asarray(tip_velocity) * dt_s, *self._spec.workspace)
        reach = self._spec.max_tip_speed * dt_s
        return self._toward(joint_position, np.clip(wanted, position - reach, position + reach))

    def solve(self, tip_position: FloatArray, start: FloatArray | None = None) -> FloatArray:
        """Return joints (J,) whose tip is within 2 mm of `tip_position` (3,), near the home posture.

        Raises:
            KinematicsError: not reached in 500 iterations; names the position and the remaining error.
        """
        joints = np.array(self._spec.home if start is None else start, dtype=np.float64)
        previous = joints + 1.0
        for _ in range(500):
            error = float(np.linalg.norm(self.forward(joints)[0] - tip_position))
            if error < 2e-3 and float(np.abs(joints - previous).max()) < 1e-3:
                return joints
            previous, joints = joints, self._toward(joints, np.asarray(tip_position))
        raise KinematicsError(
            f"tip position {np.round(tip_position, 3).tolist()} is out of reach by {error:.4f} m"
        )

    def draw(self, generator: np.random.Generator) -> FloatArray:
        """Return joints (J,) whose tip lies uniformly in the reachable part of the workspace box.

        Raises:
            KinematicsError: none of 100 positions in the box can be reached.
        """
        return first_reachable(lambda: self.solve(self._spec.random_tip(generator)))

    def _toward(self, joint_position: FloatArray, wanted: FloatArray) -> FloatArray:
        position, rotation = self.forward(joint_position)
        turn = pinocchio.log3(self._down @ rotation.T)
        error = np.concatenate([wanted - position, ORIENTATION_GAIN * turn])[: self.rows]
        jacobian = self.jacobian(joint_position)[: self.rows]
        gram = jacobian @ jacobian.T + DAMPING**2 * np.eye(self.rows)
        rest = REST_GAIN * (self._spec.home - joint_position)
        change = rest + jacobian.T @ np.linalg.solve(gram, error - jacobian @ rest)
        return np.clip(joint_position + change, self._lower, self._upper)
