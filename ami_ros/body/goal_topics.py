# SPDX-License-Identifier: Apache-2.0
"""Where goals are sent: one topic for each sensor, below the name of the node."""

from __future__ import annotations

from ami_ros.body.robot_spec import RobotSpec


def goal_topics(spec: RobotSpec) -> dict[str, str]:
    """Return sensor name -> topic: ``~/goal_image`` of the first camera, else ``~/goal_<sensor>``."""
    first = spec.camera.name if spec.images else ""
    return {name: "~/goal_image" if name == first else f"~/goal_{name}" for name in spec.sensors}
