# SPDX-License-Identifier: Apache-2.0
"""An action is the velocity of joints; the commands are their positions."""

from __future__ import annotations

import numpy as np

from ami_ros.body.meanings.arm_meaning import ArmMeaning
from ami_ros.body.meanings.joints import joint_indices
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation


class JointVelocity(ArmMeaning):
    """Implements `Meaning` for an arm. Position limits stop joints; a joint beyond a limit goes no further.

    Raises:
        EmbodimentError: a channel is no joint.
    """

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self._moved = joint_indices(spec)
        lower, upper = spec.limits.lower, spec.limits.upper
        self._lower = -np.inf if lower is None else lower
        self._upper = np.inf if upper is None else upper

    def _velocities(self, joints: FloatArray, flat: FloatArray) -> FloatArray:
        return flat

    def _led(self, joints: FloatArray, flat: FloatArray) -> list[FloatArray]:
        lower, upper = np.minimum(self._lower, joints), np.maximum(self._upper, joints)
        points = []
        for action in flat:
            velocity = np.zeros(len(joints))
            velocity[self._moved] = action
            joints = np.clip(joints + velocity * (self._spec.step_ns / 1e9), lower, upper)
            points.append(joints)
        return points

    def hold(self, observation: Observation) -> FloatArray:
        """Return zero velocity (A,)."""
        return np.zeros(self._spec.action_size)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the mean velocities (A,) of the channels' joints, rad/s or m/s."""
        velocity: FloatArray = (end - start)[self._moved] / duration_s
        return velocity
