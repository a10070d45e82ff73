# SPDX-License-Identifier: Apache-2.0
"""A goal as a pose of the tip of an arm, by the joint positions that give it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError, KinematicsError
from ami_ros.types import FloatArray, Goal, checked_vector

if TYPE_CHECKING:  # the launch files list all kinds of goal, and need no kinematics
    from ami_ros.body.kinematics import Kinematics

ANY = (0.0, 0.0, 0.0, 1.0)  # the orientation of a message that leaves it unset
# Several times the error of rounding to two digits, and that of the inverse kinematics (0.001).
TOLERANCE = 0.05  # rad
# Source: tf2, buffer_core.cpp, QUATERNION_NORMALIZATION_TOLERANCE.
LENGTH_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class TipPose:
    """A requested pose of the tip.

    Attributes:
        frame: of both.
        position: (3,) m.
        orientation: (4,) unit quaternion x, y, z, w.
    """

    frame: str
    position: FloatArray
    orientation: FloatArray


class PoseGoal(GoalKind):
    """A pose of the tip in the frame of the robot's base."""

    name, description = "pose", "pose to reach: for an arm, its tip's"
    message = "geometry_msgs/msg/PoseStamped"

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return one topic for an arm, none for another robot."""
        return {self.name: self.name} if spec.arms else {}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return the joint positions that reach the pose as a goal.

        Raises:
            GoalError: the arm cannot reach it, see `joints_at`.
        """
        at, turn = message.pose.position, message.pose.orientation
        position, orientation = np.array([at.x, at.y, at.z]), np.array([turn.x, turn.y, turn.z, turn.w])
        pose = TipPose(message.header.frame_id, position, orientation)
        return Goal(
            vectors={context.spec.joint_sensor: joints_at(pose, context.spec, context.kinematics())},
            label=f"tip at {at.x:.3f}, {at.y:.3f}, {at.z:.3f} m",
            stamp_ns=context.stamp_ns or context.now_ns,
        )


def joints_at(pose: TipPose, spec: RobotSpec, kinematics: Kinematics) -> FloatArray:
    """Return the joints (J,), near the home posture, whose tip has `pose` within 2 mm and 0.05 rad.

    The orientation must be the one that the tip keeps. For an arm with a free orientation it must be `ANY`,
    or the one that the tip has there.

    Raises:
        GoalError: another frame, numbers that are not finite, not a unit quaternion, a place outside the
            workspace or out of reach, or an orientation that the arm cannot give.
    """
    if pose.frame != kinematics.base_frame:
        raise GoalError(
            f"pose: frame_id: got {pose.frame[:50]!r}, expected {kinematics.base_frame!r}, the robot's base; "
            "transform it first"
        )
    position = checked_vector(pose.position, "pose: position", 3, GoalError)
    orientation = checked_vector(pose.orientation, "pose: orientation", 4, GoalError)
    if abs(np.linalg.norm(orientation) - 1.0) > LENGTH_TOLERANCE:
        raise GoalError(
            f"pose: orientation: got {_digits(orientation)}, expected a quaternion x, y, z, w of length 1"
        )
    lower, upper = spec.workspace
    if ((position < lower) | (position > upper)).any():
        raise GoalError(
            f"pose: position: got {_digits(position)} m, expected the workspace: {_digits(lower)} to "
            f"{_digits(upper)}"
        )
    try:
        joints = kinematics.solve(position)
    except KinematicsError as error:
        raise GoalError(f"pose: {error}; expected a reachable place in the workspace") from error
    found = _quaternion(kinematics.forward(joints)[1])
    free = spec.orientation == "free"
    if free and np.array_equal(orientation, ANY):
        return joints
    # Source: Huynh, "Metrics for 3D rotations: comparison and analysis" (2009), section 2.6, doubled.
    alike = abs(float(orientation @ found)) / float(np.linalg.norm(orientation))
    away = 2.0 * math.acos(min(1.0, alike))
    if away > TOLERANCE:
        why = f"or {list(ANY)} for any: this arm does not control it" if free else "which this arm keeps"
        raise GoalError(
            f"pose: orientation: got {_digits(orientation)}, {away:.2f} rad away from the tip's orientation "
            f"there; expected {_digits(found)}, {why}"
        )
    return joints


def _quaternion(rotation: FloatArray) -> FloatArray:
    """Return a rotation matrix (3, 3) as x, y, z, w."""
    import pinocchio

    turn: FloatArray = pinocchio.Quaternion(rotation).coeffs()
    return turn


def _digits(values: FloatArray) -> list[float]:
    rounded: list[float] = (np.round(values, 3) + 0.0).tolist()  # + 0.0: no -0.0
    return rounded
