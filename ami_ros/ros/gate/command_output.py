# SPDX-License-Identifier: Apache-2.0
"""The gate's command in the form that the robot's controller takes."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from ami_ros.ros.wire.messages import command_to_ros
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import Command


class CommandOutput:
    """Publishes commands on the topic of a ros2_control controller.

    Args:
        node: owns the publisher.
        interface: trajectory, forward_position or forward_velocity.
        joint_names: (J,) names in the command's order.
        tick_ns: duration of one gate tick.

    Attributes:
        topic: ``joint_trajectory_controller/joint_trajectory``, ``forward_position_controller/commands`` or
            ``forward_velocity_controller/commands``.
    """

    def __init__(self, node: Node, interface: str, joint_names: Sequence[str], tick_ns: int) -> None:
        self._joint_names, self._tick_ns = joint_names, tick_ns
        self._field = interface.removeprefix("forward_")
        self._is_trajectory = interface == "trajectory"
        kind = JointTrajectory if self._is_trajectory else Float64MultiArray
        end = "joint_trajectory" if self._is_trajectory else "commands"
        name = "joint_trajectory" if self._is_trajectory else interface
        self.topic = f"{name}_controller/{end}"
        self._publisher = node.create_publisher(kind, self.topic, STATE)

    def publish(self, command: Command) -> None:
        """Publish one command."""
        if self._is_trajectory:
            self._publisher.publish(command_to_ros(command, self._joint_names, self._tick_ns))
        else:
            self._publisher.publish(Float64MultiArray(data=getattr(command, self._field).tolist()))
