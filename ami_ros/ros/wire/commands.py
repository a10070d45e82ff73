# SPDX-License-Identifier: Apache-2.0
"""Commands as the robot's controller accepts them, and back: by the table in body/outputs.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.outputs import Interface
from ami_ros.errors import JointStateError
from ami_ros.ros.wire.message_fields import field_of, message_class, set_field, set_stamp, stamp_of
from ami_ros.ros.wire.messages import command_from_ros, command_to_ros
from ami_ros.types import Command, FloatArray, checked_joints


def message_type(interface: Interface) -> Any:
    """Return the class of the interface's messages."""
    return message_class(interface.package, interface.message)


def to_message(command: Command, interface: Interface, names: Sequence[str], tick_ns: int) -> Any:
    """Return one gate tick as a message.

    Args:
        command: position, and velocity, of the commanded channels (C,).
        interface: the controller's interface.
        names: of the channels (C,).
        tick_ns: duration of a tick.
    """
    kind = message_type(interface)
    if kind is JointTrajectory:
        return command_to_ros(command, names, tick_ns)
    message = kind()
    set_stamp(message, command.stamp_ns)
    if interface.vector:
        message.data = getattr(command, interface.vector).tolist()
    for name, value in zip(names, command.position.tolist(), strict=True) if interface.fields else ():
        set_field(message, interface.fields[name], value)
    return message


def from_message(
    message: Any, interface: Interface, names: Sequence[str], before: FloatArray, tick_ns: int, now_ns: int
) -> Command:
    """Return the command in a message, for the simulated controller.

    Args:
        message: as received.
        interface: of the body.
        names: of the commanded channels (C,).
        before: (C,) commanded position one tick ago, from which velocities continue.
        tick_ns: duration of a tick.
        now_ns: stamp for messages without one.

    Raises:
        JointStateError: another number of values than channels, or values that are not finite.
    """
    if isinstance(message, JointTrajectory):
        return command_from_ros(message, names)
    stamp_ns = stamp_of(message, now_ns)
    if interface.vector:
        values = checked_joints(np.asarray(message.data), "command", len(names))
        if interface.vector == "velocity":
            return Command(before + values * (tick_ns / 1e9), values, stamp_ns)
        return Command(values, np.zeros(len(names)), stamp_ns)
    told = {name: field_of(message, path) for name, path in interface.fields.items()}
    values = checked_joints([told.pop(name) for name in names], "command")
    if beyond := {name: value for name, value in told.items() if value != 0.0}:
        raise JointStateError(f"command: got {beyond}, expected 0: the body has only {list(names)}")
    return Command(values, np.zeros(len(names)), stamp_ns)
