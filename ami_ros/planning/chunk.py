# SPDX-License-Identifier: Apache-2.0
"""From a plan to the proposal that the gate judges: Cartesian actions become a joint trajectory."""

from __future__ import annotations

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


def to_trajectory(
    actions: FloatArray, observation: Observation, spec: RobotSpec, kinematics: Kinematics
) -> Trajectory:
    """Integrate actions (T, K, A) in m/s from the observed joints.

    Returns:
        T * K + 1 points, the first where the robot is; stamped with the joint state it starts from.
    """
    joints = spec.joint_position(observation)
    points = [joints]
    for action in actions.reshape(-1, spec.action_size):
        joints = kinematics.step(joints, spec.tip_velocity(action), spec.step_ns / 1e9)
        points.append(joints)
    times = np.arange(len(points), dtype=np.int64) * spec.step_ns
    return Trajectory(spec.joint_names, np.stack(points), times, observation[spec.joint_sensor].stamp_ns)
