# SPDX-License-Identifier: Apache-2.0
"""A message whose type a YAML names: its class, its stamp, and its fields by their paths."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

from ami_ros.ros.wire.messages import stamp_from_ns, stamp_to_ns

YAW = "yaw"
SHORTEST = 0.25  # square of a quaternion's length: all zeros are what a driver sends that knows no heading


@functools.cache
def message_class(package: str, name: str) -> Any:
    """Return the class of ``package/msg/name``."""
    return getattr(importlib.import_module(f"{package}.msg"), name)


def stamp_of(message: Any, otherwise_ns: int) -> int:
    """Return the stamp of a message, ns; `otherwise_ns` of one without a header."""
    return stamp_to_ns(message.header.stamp) if hasattr(message, "header") else otherwise_ns


def set_stamp(message: Any, stamp_ns: int, frame_id: str = "") -> None:
    """Stamp a message; one without a header stays as it is."""
    if hasattr(message, "header"):
        message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), frame_id


def field_of(message: Any, path: str) -> Any:
    """Return the field at a path such as ``wrench.force.x``; of a quaternion there is a ``yaw``, too."""
    *parents, last = path.split(".")
    parent = functools.reduce(getattr, parents, message)
    return _yaw(parent) if last == YAW else getattr(parent, last)


def set_field(message: Any, path: str, value: Any) -> None:
    """Set the field at a path such as ``wrench.force.x``; of a quaternion the ``yaw``, and no other turn."""
    *parents, last = path.split(".")
    parent = functools.reduce(getattr, parents, message)
    if last == YAW:
        parent.x, parent.y, parent.z, parent.w = 0.0, 0.0, math.sin(0.5 * value), math.cos(0.5 * value)
    else:
        setattr(parent, last, value)


def _yaw(turn: Any) -> float:
    """Return the heading of a quaternion, rad; NaN of one that is no turn.

    Source: Diebel, "Representing attitude: Euler angles, unit quaternions, and rotation vectors" (2006),
    equation 290, which holds for any length.
    """
    x, y, z, w = turn.x, turn.y, turn.z, turn.w
    if not SHORTEST < x * x + y * y + z * z + w * w < math.inf:
        return math.nan
    return math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z)
