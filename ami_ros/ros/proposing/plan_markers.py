# SPDX-License-Identifier: Apache-2.0
"""The planned path of the tip, for RViz."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import Point
from visualization_msgs.msg import Marker, MarkerArray

from ami_ros.body.kinematics import Kinematics
from ami_ros.ros.wire.messages import stamp_from_ns
from ami_ros.types import Trajectory

LINE_WIDTH_M = 0.006


def plan_markers(trajectory: Trajectory, kinematics: Kinematics) -> MarkerArray:
    """Return a line along the tip's positions in `trajectory`."""
    tips = tips_of(trajectory, kinematics)
    marker = line_marker("plan", 0, tips, kinematics.base_frame, (0.1, 0.7, 0.3, 1.0))
    marker.header.stamp = stamp_from_ns(trajectory.stamp_ns)
    return MarkerArray(markers=[marker])


def tips_of(trajectory: Trajectory, kinematics: Kinematics) -> list[Point]:
    """Return where the tip is at each point of `trajectory`, m, in the frame of the base."""
    tips = (kinematics.forward(joints)[0].tolist() for joints in trajectory.positions)
    return [Point(x=x, y=y, z=z) for x, y, z in tips]


def line_marker(
    namespace: str,
    number: int,
    points: Sequence[Point],
    frame: str,
    colour: tuple[float, float, float, float],
) -> Marker:
    """Return a line along `points`; `colour` is red, green, blue and opacity, 0 to 1."""
    marker = Marker(ns=namespace, id=number, type=Marker.LINE_STRIP, action=Marker.ADD)
    marker.header.frame_id = frame
    marker.pose.orientation.w = 1.0
    marker.scale.x = LINE_WIDTH_M
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = colour
    marker.points = list(points)
    return marker
