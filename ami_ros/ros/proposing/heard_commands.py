# SPDX-License-Identifier: Apache-2.0
"""The newest command on the robot's outputs, whoever sent it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rclpy.node import Node

from ami_ros.body.robot_spec import Carried, RobotSpec
from ami_ros.errors import AmiError
from ami_ros.ros.wire.commands import from_message, message_type
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.messages import decoded
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import FloatArray

VELOCITIES = "velocity"  # an output of velocities gives no place


class HeardCommands:
    """Listens to the outputs of a robot.

    Args:
        node: owns the subscriptions.
        errors: receives what cannot be decoded.
        spec: the robot.
        heard: called at each message.
    """

    def __init__(
        self, node: Node, errors: ErrorLog, spec: RobotSpec, heard: Callable[[], None] = lambda: None
    ) -> None:
        self._errors, self._spec, self._heard = errors, spec, heard
        self._commands: dict[Carried, bytes] = {}
        for carried in spec.outputs:
            output, on_command = carried.output, partial(self._on_command, carried)
            if output.of.vector != VELOCITIES:
                node.create_subscription(message_type(output.of), output.topic, on_command, STATE, raw=True)

    def _on_command(self, carried: Carried, message: bytes) -> None:
        self._commands[carried] = message  # unpacked only when asked for: a hundred arrive per second
        self._heard()

    @property
    def newest(self) -> FloatArray | None:
        """The newest command (C,); None while a part of it is missing or cannot be decoded."""
        if len(self._commands) < len(self._spec.outputs):
            return None
        newest = self._spec.home.copy()
        try:
            for carried, data in self._commands.items():
                interface, columns = carried.output.of, list(carried.columns)
                message = decoded(data, message_type(interface))
                newest[columns] = from_message(
                    message, interface, carried.names, newest[columns], 0, 0
                ).position
        except (AmiError, ValueError) as error:
            self._errors.report("command", error)
            return None
        return newest
