# SPDX-License-Identifier: Apache-2.0
"""Channels named after some or all joints of an arm: the other joints stay where they are."""

from __future__ import annotations

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError


def joint_indices(spec: RobotSpec) -> list[int]:
    """Return the index of each action channel (A) among the joints.

    Raises:
        EmbodimentError: a channel is no joint.
    """
    unknown = [name for name in spec.actions.names if name not in spec.joint_names]
    if unknown:
        raise EmbodimentError(
            f"{spec.name}: actions.channels: got {unknown}, expected joints for {spec.actions.meaning}: "
            f"some of {list(spec.joint_names)}"
        )
    return [spec.joint_names.index(name) for name in spec.actions.names]
