# SPDX-License-Identifier: Apache-2.0
"""A message whose type a YAML names: its class, its stamp, and its fields by path."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

from ami_ros.recordings.message_values import YAW
from ami_ros.recordings.message_values import field_of as field_of
from ami_ros.recordings.message_values import stamp_of as stamp_of
from ami_ros.ros.wire.messages import stamp_from_ns


@functools.cache
def message_class(package: str, name: str) -> Any:
    """Return the class of ``package/msg/name``."""
    return getattr(importlib.import_module(f"{package}.msg"), name)


def type_name(kind: Any) -> str:
    """Return the graph name of a message class, as in sensor_msgs/msg/Image."""
    return f"{kind.__module__.partition('.')[0]}/msg/{kind.__name__}"


def set_stamp(message: Any, stamp_ns: int, frame_id: str = "") -> None:
    """Stamp a message; leave one without a header unchanged."""
    if hasattr(message, "header"):
        message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), frame_id


def set_field(message: Any, path: str, value: Any) -> None:
    """Set the field at a path such as ``wrench.force.x``; of a quaternion the ``yaw``, other turns are 0."""
    *parents, last = path.split(".")
    parent = functools.reduce(getattr, parents, message)
    if last == YAW:
        parent.x, parent.y, parent.z, parent.w = 0.0, 0.0, math.sin(0.5 * value), math.cos(0.5 * value)
    else:
        setattr(parent, last, value)
