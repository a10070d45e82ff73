# SPDX-License-Identifier: Apache-2.0
"""The planned path of the tip, for RViz."""

from __future__ import annotations

from geometry_msgs.msg import Point
from visualization_msgs.msg import Marker, MarkerArray

from ami_ros.body.kinematics import Kinematics
from ami_ros.ros.wire.messages import stamp_from_ns
from ami_ros.types import Trajectory

LINE_WIDTH_M = 0.006


def plan_markers(trajectory: Trajectory, kinematics: Kinematics) -> MarkerArray:
    """Return a line along the tip's positions in `trajectory`."""
    marker = Marker(ns="plan", id=0, type=Marker.LINE_STRIP, action=Marker.ADD)
    marker.header.frame_id = kinematics.base_frame
    marker.header.stamp = stamp_from_ns(trajectory.stamp_ns)
    marker.pose.orientation.w = 1.0
    marker.scale.x = LINE_WIDTH_M
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = 0.1, 0.7, 0.3, 1.0
    tips = (kinematics.forward(joints)[0].tolist() for joints in trajectory.positions)
    marker.points = [Point(x=x, y=y, z=z) for x, y, z in tips]
    return MarkerArray(markers=[marker])
