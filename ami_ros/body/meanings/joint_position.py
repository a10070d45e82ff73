# SPDX-License-Identifier: Apache-2.0
"""An action is the joint positions at the end of the control step."""

from __future__ import annotations

from ami_ros.body.meanings.arm_meaning import ArmMeaning
from ami_ros.body.meanings.joints import joint_indices
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation


class JointPosition(ArmMeaning):
    """Implements `Meaning` for an arm.

    Raises:
        EmbodimentError: a channel is no joint.
    """

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self._moved = joint_indices(spec)

    def _velocities(self, joints: FloatArray, flat: FloatArray) -> FloatArray:
        velocities: FloatArray = (flat - joints[self._moved]) / (self._spec.step_ns / 1e9)
        return velocities

    def _led(self, joints: FloatArray, flat: FloatArray) -> list[FloatArray]:
        points = []
        for action in flat:
            joints = joints.copy()
            joints[self._moved] = action
            points.append(joints)
        return points

    def hold(self, observation: Observation) -> FloatArray:
        """Return where the joints of the channels are (A,)."""
        held: FloatArray = self.start(observation)[self._moved]
        return held

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return where the channels' joints are at the end (A,), rad or m."""
        reached: FloatArray = end[self._moved]
        return reached
