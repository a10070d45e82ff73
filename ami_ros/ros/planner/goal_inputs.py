# SPDX-License-Identifier: Apache-2.0
"""The planner's subscriptions to goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from numpy.typing import NDArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from ami_ros.body.goals.kinds import GoalTopic
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, Sensor
from ami_ros.ros.proposing.sensor_inputs import bounded
from ami_ros.ros.wire.bounded_type import bounded_type
from ami_ros.ros.wire.goals import goal_limit, goal_type
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S, hear
from ami_ros.ros.wire.messages import image_from_ros
from ami_ros.ros.wire.vectors import vector_from_ros


def hear_goals(
    node: Node,
    errors: ErrorLog,
    spec: RobotSpec,
    most_pixels: int,
    topics: Iterable[GoalTopic],
    on_goal: Callable[[GoalTopic, Any], None],
) -> None:
    """Receive goals as long as the node lives.

    Args:
        node: owns the subscriptions.
        errors: receives what `on_goal` raises, and messages larger than the robot can need.
        spec: the robot.
        most_pixels: width times height of the largest image.
        topics: of the goals.
        on_goal: receives the messages, with their topic.
    """
    goals = []
    for topic in topics:
        kind, limit = goal_type(topic), goal_limit(topic, spec, most_pixels)
        if isinstance(topic.sensor, ImageSensor):
            kind = bounded_type(node, kind, topic.name, limit)
        handler = bounded(errors, kind, topic.name.removeprefix("~/"), limit, partial(on_goal, topic))
        goals.append(hear(node, kind, topic.name, handler))
    # Steady: goals are sent while simulated time stands still.
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    for goal in goals:
        node.create_timer(LOOK_S, guarded_timer(errors, goal.look), clock=steady)


def reader(spec: RobotSpec, most_pixels: int) -> Callable[[Any, Sensor], NDArray[Any]]:
    """Return the function that decodes a message of a sensor of this robot: see `GoalContext.read`.

    It raises ImageError for an image that cannot be decoded or has more than `most_pixels` pixels, and
    ObservationError for missing, unknown or non-finite values.
    """

    def read(message: Any, sensor: Sensor) -> NDArray[Any]:
        if isinstance(sensor, ImageSensor):
            return image_from_ros(message, most_pixels)
        return vector_from_ros(message, sensor, 0, spec.simulation.held)[0]

    return read
