# SPDX-License-Identifier: Apache-2.0
"""An action is where joints shall be at the end of the control step."""

from __future__ import annotations

from ami_ros.body.meanings.held_posture import HeldPosture
from ami_ros.body.meanings.joints import joint_indices
from ami_ros.body.meanings.meaning import points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class JointPosition:
    """Implements `Meaning` for an arm.

    Raises:
        EmbodimentError: a channel is no joint.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._moved, self._posture = spec, joint_indices(spec), HeldPosture()

    def start(self, observation: Observation) -> FloatArray:
        """Return the observed joints (J,)."""
        return self._spec.joint_position(observation)

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Go from the observed joints to each of the actions (T, K, A), rad or m, in one control step.

        Actions where the joints are leave them where they were when that was asked for first.
        """
        spec, joints = self._spec, self.start(observation)
        flat = actions.reshape(-1, spec.action_size)
        points = self._posture.points(joints, (flat - joints[self._moved]) / (spec.step_ns / 1e9))
        if points is None:
            points = [joints]
            for action in flat:
                joints = joints.copy()
                joints[self._moved] = action
                points.append(joints)
        stamp_ns = observation[spec.joint_sensor].stamp_ns
        return points_over_time(spec.joint_names, points, spec.step_ns, stamp_ns)

    def hold(self, observation: Observation) -> FloatArray:
        """Return where the joints of the channels are (A,)."""
        held: FloatArray = self.start(observation)[self._moved]
        return held

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return where the channels' joints are at the end (A,), rad or m."""
        reached: FloatArray = end[self._moved]
        return reached

    def forget(self) -> None:
        """Hold no posture: each proposal begins where the arm is measured."""
        self._posture.release()
