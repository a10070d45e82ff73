# SPDX-License-Identifier: Apache-2.0
"""An action is the velocity of joints; commanded are their positions."""

from __future__ import annotations

import numpy as np

from ami_ros.body.meanings.held_posture import HeldPosture
from ami_ros.body.meanings.joints import joint_indices
from ami_ros.body.meanings.meaning import points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class JointVelocity:
    """Implements `Meaning` for an arm.

    Raises:
        EmbodimentError: a channel is no joint.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._moved, self._posture = spec, joint_indices(spec), HeldPosture()
        lower, upper = spec.limits.lower, spec.limits.upper
        self._lower = -np.inf if lower is None else lower
        self._upper = np.inf if upper is None else upper

    def start(self, observation: Observation) -> FloatArray:
        """Return the observed joints (J,)."""
        return self._spec.joint_position(observation)

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Integrate actions (T, K, A) in rad/s or m/s from the observed joints; limits of position stop them.

        A joint that is observed beyond a limit is only stopped from going further. Without motion all stay.
        """
        spec, joints = self._spec, self.start(observation)
        lower, upper = np.minimum(self._lower, joints), np.maximum(self._upper, joints)
        flat = actions.reshape(-1, spec.action_size)
        points = self._posture.points(joints, flat)
        if points is None:
            points = [joints]
            for action in flat:
                velocity = np.zeros(len(joints))
                velocity[self._moved] = action
                joints = np.clip(joints + velocity * (spec.step_ns / 1e9), lower, upper)
                points.append(joints)
        stamp_ns = observation[spec.joint_sensor].stamp_ns
        return points_over_time(spec.joint_names, points, spec.step_ns, stamp_ns)

    def hold(self, observation: Observation) -> FloatArray:
        """Return no velocity (A,)."""
        return np.zeros(self._spec.action_size)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the mean velocities (A,) of the channels' joints, rad/s or m/s."""
        velocity: FloatArray = (end - start)[self._moved] / duration_s
        return velocity

    def forget(self) -> None:
        """Hold no posture: each proposal begins where the arm is measured."""
        self._posture.release()
