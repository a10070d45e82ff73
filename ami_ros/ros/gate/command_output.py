# SPDX-License-Identifier: Apache-2.0
"""The gate's command as the message of the robot's controller."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node

from ami_ros.body.outputs import Output
from ami_ros.ros.wire.commands import message_type, to_message
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import Command


class CommandOutput:
    """Publishes commands.

    Args:
        node: owns the publisher.
        output: message and topic.
        names: (C,) of the commanded channels.
        tick_ns: duration of one gate tick.

    Attributes:
        topic: that of `output`.
    """

    def __init__(self, node: Node, output: Output, names: Sequence[str], tick_ns: int) -> None:
        self._interface, self._names, self._tick_ns = output.of, names, tick_ns
        self.topic = output.topic
        self._publisher = node.create_publisher(message_type(output.of), output.topic, STATE)

    def publish(self, command: Command) -> None:
        """Publish one command."""
        self._publisher.publish(to_message(command, self._interface, self._names, self._tick_ns))
