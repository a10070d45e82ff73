# SPDX-License-Identifier: Apache-2.0
"""What the planner listens to: the one place where its subscriptions are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image, JointState

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ObservationError
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S, hear
from ami_ros.ros.wire.message_limits import image_limit, joint_state_limit, within
from ami_ros.ros.wire.qos import STATE

Handler = Callable[[Any], None]


class PlannerInputs:
    """Goals are heard as long as the node lives, camera and joints while it is configured.

    Args:
        node: owns the subscriptions.
        errors: takes what a handler raises, and what is larger than the robot can need.
        spec: the robot.
        max_image_pixels: width times height of the largest image.
        on_goal_image: gets goal images.
        on_goal_joints: gets joint goals.
    """

    def __init__(
        self,
        node: Node,
        errors: ErrorLog,
        spec: RobotSpec,
        max_image_pixels: int,
        on_goal_image: Handler,
        on_goal_joints: Handler,
    ) -> None:
        self._node, self._errors = node, errors
        self._joints, self._image = joint_state_limit(spec), image_limit(max_image_pixels)
        self._observations: list[Subscription] = []
        goals = (
            hear(node, Image, "~/goal_image", self._bounded(Image, "goal_image", self._image, on_goal_image)),
            hear(
                node,
                JointState,
                "~/goal_joints",
                self._bounded(JointState, "goal_joints", self._joints, on_goal_joints),
            ),
        )
        # Steady: goals are sent while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for goal in goals:
            node.create_timer(LOOK_S, guarded_timer(errors, goal.look), clock=steady)

    def observe(self, camera: QoSProfile, on_image: Handler, on_joints: Handler) -> None:
        """Listen to camera and joints.

        Args:
            camera: quality of service of images.
            on_image: gets images, raw and compressed.
            on_joints: gets joint states.
        """
        for kind, topic, handler, qos, limit in (
            (Image, "camera/image_raw", on_image, camera, self._image),
            (CompressedImage, "camera/image_raw/compressed", on_image, camera, self._image),
            (JointState, "joint_states", on_joints, STATE, self._joints),
        ):
            callback = self._bounded(kind, topic, limit, handler)
            self._observations.append(self._node.create_subscription(kind, topic, callback, qos, raw=True))

    def _bounded(self, kind: Any, topic: str, limit: int, handler: Handler) -> Callable[[bytes], None]:
        def refuse(size: int) -> None:
            raise ObservationError(
                f"{topic}: got a message of {size} bytes, expected at most {limit}: dropped unread"
            )

        return guarded(self._errors, within(limit, kind, handler, refuse))

    def rest(self) -> None:
        """Listen to goals only."""
        for subscription in self._observations:
            self._node.destroy_subscription(subscription)
        self._observations.clear()
