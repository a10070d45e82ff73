# SPDX-License-Identifier: Apache-2.0
"""What the meanings of an arm's actions share: where proposals start, and how the arm stands still."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ami_ros.body.meanings.meaning import Meaning, points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory

STILL = 1e-5  # rad/s or m/s: less is rounding, not motion
MOVED = 0.05  # rad or m: further away than this, the arm was moved and is held where it is now


class ArmMeaning(ABC):
    """Proposals that begin at the observed joints; one without motion keeps a posture.

    Starting wherever the arm *is* would follow a resting arm down, cycle by cycle, as it sags under its own
    weight. So it is held where it stopped, for as long as it stays near.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec = spec
        self.forget()

    @property
    def parts(self) -> tuple[Meaning, ...]:
        """Itself: it is of one group."""
        return (self,)

    def start(self, observation: Observation) -> FloatArray:
        """Return the observed joints (J,)."""
        return self._spec.joint_position(observation)

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Return where actions (T, K, A), in the channels' units, lead from the observed joints.

        Returns:
            T * K + 1 points, the first where the robot is; stamped with the joint state it starts from.
        """
        spec, joints = self._spec, self.start(observation)
        flat = actions.reshape(-1, spec.action_size)
        if float(np.abs(self._velocities(joints, flat)).max()) >= STILL:
            self.forget()
            points = [joints, *self._led(joints, flat)]
        else:
            points = [self._held(joints)] * (len(flat) + 1)
        stamp_ns = observation[spec.joint_sensor].stamp_ns
        return points_over_time(spec.joint_names, points, spec.step_ns, stamp_ns)

    def note(self, actions: FloatArray, observation: Observation) -> None:
        """Do nothing: the joints are measured."""
        del actions, observation

    def forget(self) -> None:
        """Forget the held posture, as after a reset of the robot."""
        self._posture: FloatArray | None = None

    def _held(self, joints: FloatArray) -> FloatArray:
        if self._posture is None or float(np.abs(self._posture - joints).max()) > MOVED:
            self._posture = joints.copy()
        return self._posture

    @abstractmethod
    def hold(self, observation: Observation) -> FloatArray:
        """Return the action (A,) that leaves everything as it is."""

    @abstractmethod
    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the action (A,) that leads the joints from (J,) to (J,) in that time."""

    @abstractmethod
    def _velocities(self, joints: FloatArray, flat: FloatArray) -> FloatArray:
        """Return the joint velocities that actions (S, A) demand of an arm at (J,), rad/s or m/s."""

    @abstractmethod
    def _led(self, joints: FloatArray, flat: FloatArray) -> list[FloatArray]:
        """Return where the joints (J,) are after each of the actions (S, A)."""
