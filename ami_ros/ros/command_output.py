# SPDX-License-Identifier: Apache-2.0
"""The gate's command in the form that the robot's controller takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.messages import command_to_ros
from ami_ros.ros.qos import STATE
from ami_ros.types import Command


def command_output(
    node: Node, interface: str, joint_names: Sequence[str], tick_ns: int
) -> Callable[[Command], None]:
    """Create the publisher for `interface` and return the function that publishes one command.

    Topics are those of ros2_control: ``joint_trajectory_controller/joint_trajectory``,
    ``forward_position_controller/commands`` or ``forward_velocity_controller/commands``.

    Args:
        node: owns the publisher.
        interface: trajectory, forward_position or forward_velocity.
        joint_names: (J,) names in the command's order.
        tick_ns: duration of one gate tick.
    """
    if interface == "trajectory":
        topic = "joint_trajectory_controller/joint_trajectory"
        trajectories = node.create_publisher(JointTrajectory, topic, STATE)
        return lambda command: trajectories.publish(command_to_ros(command, joint_names, tick_ns))
    arrays = node.create_publisher(Float64MultiArray, f"{interface}_controller/commands", STATE)
    field = interface.removeprefix("forward_")
    return lambda command: arrays.publish(Float64MultiArray(data=getattr(command, field).tolist()))
