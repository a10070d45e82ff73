# SPDX-License-Identifier: Apache-2.0
"""Parts that other packages offer by a Python entry point; nothing is imported before it is loaded."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ami_ros.errors import ConfigError, shown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@functools.cache  # reads the metadata of every installed package
def found(group: str) -> Mapping[str, EntryPoint]:
    """Return the installed entry points of a group, such as ``ami_ros.checks``, by name.

    Raises:
        ConfigError: two packages offer the same name.
    """
    from importlib.metadata import entry_points  # here: the import takes longer than reading our settings

    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = points.setdefault(point.name, point)
        if other.value != point.value:
            raise ConfigError(
                f"{group}: got {point.name} twice, as {other.value} and as {point.value}, "
                "expected it once: uninstall one of the two packages"
            )
    return MappingProxyType(points)


def load(group: str, name: str) -> Any:
    """Import what the entry point `name` of a group leads to.

    Raises:
        ConfigError: nothing of that name is installed, or its import fails.
    """
    points = found(group)
    if name not in points:
        installed = sorted(points) or "none installed"
        raise ConfigError(f"{group}: got {shown(name)}, expected an installed entry point: {installed}")
    try:
        return points[name].load()
    except Exception as error:  # whatever foreign code raises
        raise ConfigError(
            f"{group}: {name}: cannot import {points[name].value}: {type(error).__name__}: {error}"
        ) from error
