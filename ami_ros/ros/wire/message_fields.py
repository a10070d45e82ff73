# SPDX-License-Identifier: Apache-2.0
"""A message whose type a YAML names: its class, its stamp, and its fields by their paths."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from ami_ros.ros.wire.messages import stamp_from_ns, stamp_to_ns


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
    """Return the field at a path such as ``wrench.force.x``."""
    return functools.reduce(getattr, path.split("."), message)


def set_field(message: Any, path: str, value: Any) -> None:
    """Set the field at a path such as ``wrench.force.x``."""
    *parents, last = path.split(".")
    setattr(functools.reduce(getattr, parents, message), last, value)
