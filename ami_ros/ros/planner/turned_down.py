# SPDX-License-Identifier: Apache-2.0
"""Paths of the tip that the planner turned down, each with the term that cost it most."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import Point
from rclpy.publisher import Publisher
from visualization_msgs.msg import Marker, MarkerArray

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.ros.planner.onlookers import Thought
from ami_ros.ros.proposing.plan_markers import line_marker, tips_of
from ami_ros.ros.wire.messages import stamp_from_ns

PATHS, WHY = "turned_down", "why"  # namespaces of the markers; the n-th text is at the end of the n-th path
LETTERS_M = 0.015
LASTS_S = 1  # a marker that no plan renews disappears
# Colour by the index of the term in the settings, from light to dark red and on to violet.
COLOURS = ((0.85, 0.35, 0.2), (0.85, 0.6, 0.1), (0.7, 0.2, 0.4), (0.45, 0.3, 0.75), (0.3, 0.3, 0.3))


class TurnedDown:
    """Adds markers to ~/plan_markers, of an arm.

    Args:
        publisher: of the MarkerArray.
        spec: the robot.
        most: paths to show.
    """

    def __init__(self, publisher: Publisher[MarkerArray], spec: RobotSpec, most: int) -> None:
        self._publisher, self._most = publisher, most
        # Its own: neither may be used in two threads at once.
        self._meaning, self._kinematics = meaning_of(spec), Kinematics(spec)

    def listens(self) -> bool:
        """Return whether anybody subscribes."""
        return self._most > 0 and self._publisher.get_subscription_count() > 0

    def show(self, thought: Thought) -> None:
        """Publish a line and a text for each path."""
        plan, observation = thought
        markers: list[Marker] = []
        for index, other in enumerate(plan.alternatives(self._most) if plan.alternatives else ()):
            self._meaning.forget()  # a posture that it kept is not that of the next candidate
            tips = tips_of(self._meaning.proposal(other.actions, observation), self._kinematics)
            markers += self._of_path(index, tips, *other.costliest(plan.cost_terms), list(plan.cost_terms))
        for marker in markers:
            marker.header.stamp = stamp_from_ns(plan.observation_stamp_ns)
            marker.lifetime.sec = LASTS_S
        if markers:
            self._publisher.publish(MarkerArray(markers=markers))

    def _of_path(
        self, index: int, tips: Sequence[Point], term: str, more: float, terms: Sequence[str]
    ) -> list[Marker]:
        colour = COLOURS[terms.index(term) % len(COLOURS)]
        line = line_marker(PATHS, index, tips, self._kinematics.base_frame, (*colour, 0.5))
        text = Marker(ns=WHY, id=index, type=Marker.TEXT_VIEW_FACING, action=Marker.ADD)
        text.header.frame_id = self._kinematics.base_frame
        text.text = f"{term} +{more:.3g}"
        text.pose.position, text.pose.orientation.w = tips[-1], 1.0
        text.scale.z = LETTERS_M
        text.color = line.color
        return [line, text]
