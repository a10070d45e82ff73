# SPDX-License-Identifier: Apache-2.0
"""Stores goals on arrival, whether or not there is a planner or an observation yet.

Images of several cameras with the same stamp are one goal. The wall time of arrival names a message that has
no stamp.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import Image

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.body.tip_pose import TipPose, joints_at
from ami_ros.ros.wire.messages import image_from_ros, stamp_to_ns
from ami_ros.ros.wire.vectors import vector_from_ros
from ami_ros.types import Goal


@dataclass(frozen=True, eq=False)
class ReceivedGoal:
    """A goal, and the stamp of its message, which names it."""

    goal: Goal
    stamp_ns: int

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the goal's sensors."""
        return (*self.goal.images, *self.goal.vectors)


class GoalInbox:
    """Turns goal messages into goals, and keeps the newest until it is cancelled.

    Args:
        spec: the robot.
        most_pixels: largest width times height of a goal image.

    Attributes:
        newest: the goal to pursue; None without one.
        refused: why the newest message is no goal; empty if it is one.
    """

    def __init__(self, spec: RobotSpec, most_pixels: int) -> None:
        self._spec, self._most_pixels = spec, most_pixels
        self.newest: ReceivedGoal | None = None
        self.refused = ""

    def image(self, sensor: ImageSensor, message: Image) -> None:
        """Take a goal image of a camera.

        Raises:
            ImageError: the message is no image, or has too many pixels; the previous goal is dropped.
        """
        before, stamp_ns = self.newest, stamp_to_ns(message.header.stamp)
        self.cancel()  # a new goal replaces the previous one, even if the new one is unusable
        images = {sensor.name: image_from_ros(message, self._most_pixels)}
        if before is not None and 0 < before.stamp_ns == stamp_ns:
            images = {**before.goal.images, **images}
        sizes = (f"image {image.shape[1]}x{image.shape[0]}" for image in images.values())
        self.newest = ReceivedGoal(Goal(images=images, label=", ".join(sizes)), stamp_ns)

    def vector(self, sensor: VectorSensor, message: Any) -> None:
        """Take a goal of a vector sensor: joint positions, set points.

        Raises:
            ObservationError: missing, unknown or non-finite values; the previous goal is dropped.
        """
        self.cancel()
        wanted, stamp_ns = vector_from_ros(message, sensor, time.time_ns(), self._spec.simulation.held)
        values = wanted[: len(sensor.names)]  # of joints only the positions: a goal has no velocity
        self.newest = ReceivedGoal(Goal(vectors={sensor.name: values}, label=sensor.name), stamp_ns)

    def pose(self, message: PoseStamped) -> None:
        """Take a pose of the tip, as a goal of the joints that reach it.

        Raises:
            GoalError: the arm cannot reach it, see `joints_at`; the previous goal is dropped.
        """
        self.cancel()
        at, turn = message.pose.position, message.pose.orientation
        position, orientation = np.array([at.x, at.y, at.z]), np.array([turn.x, turn.y, turn.z, turn.w])
        pose = TipPose(message.header.frame_id, position, orientation)
        joints = joints_at(pose, self._spec, self._kinematics)
        label = f"tip at {at.x:.3f}, {at.y:.3f}, {at.z:.3f} m"
        goal = Goal(vectors={self._spec.joint_sensor: joints}, label=label)
        self.newest = ReceivedGoal(goal, stamp_to_ns(message.header.stamp) or time.time_ns())

    def named(self, find: Callable[[], Goal]) -> None:
        """Take a remembered goal; drops the previous goal first, and passes on what `find` raises."""
        self.cancel()
        self.newest = ReceivedGoal(find(), time.time_ns())

    def cancel(self) -> None:
        """Drop the goal."""
        self.newest, self.refused = None, ""

    @cached_property
    def _kinematics(self) -> Kinematics:
        return Kinematics(self._spec)
