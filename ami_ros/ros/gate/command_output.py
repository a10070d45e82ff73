# SPDX-License-Identifier: Apache-2.0
"""The gate's command as the messages of the robot's controllers."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node

from ami_ros.body.robot_spec import Carried
from ami_ros.ros.wire.commands import message_type, to_message
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import Command


class CommandOutputs:
    """Publishes each command on the robot's outputs, on each its own channels at its own rate.

    Args:
        node: owns the publishers.
        outputs: with the channels that each carries.
        tick_ns: duration of one gate tick.

    Attributes:
        topics: of the outputs.
    """

    def __init__(self, node: Node, outputs: Sequence[Carried], tick_ns: int) -> None:
        self._outputs = [_Output(node, carried, tick_ns) for carried in outputs]
        self.topics = tuple(carried.output.topic for carried in outputs)

    def publish(self, command: Command) -> None:
        """Publish one command for all channels of the robot."""
        for output in self._outputs:
            output.publish(command)


class _Output:
    """One controller's messages."""

    def __init__(self, node: Node, carried: Carried, tick_ns: int) -> None:
        self._carried, self._tick_ns = carried, tick_ns
        # A message at every tick or at every few: between two there is never less than a tick.
        rate_hz = carried.output.rate_hz
        ticks = 1 if rate_hz == 0.0 else max(1, round(1e9 / rate_hz / tick_ns))
        self._period_ns, self._last_ns = ticks * tick_ns, -1
        of = carried.output.of
        self._publisher = node.create_publisher(message_type(of), carried.output.topic, STATE)

    def publish(self, command: Command) -> None:
        """Publish the part of a command, if it is due."""
        # Half a tick early counts as due; a clock that was set back makes any command due.
        early_ns = self._period_ns - self._tick_ns // 2
        if 0 <= command.stamp_ns - self._last_ns < early_ns and self._last_ns >= 0:
            return
        self._last_ns = command.stamp_ns
        columns, names = list(self._carried.columns), self._carried.names
        part = Command(command.position[columns], command.velocity[columns], command.stamp_ns)
        self._publisher.publish(to_message(part, self._carried.output.of, names, self._period_ns))
