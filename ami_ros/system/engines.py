# SPDX-License-Identifier: Apache-2.0
"""Engines that run jobs: processes of this machine, or Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.system.workers import Pool, Workers

LOCAL, RAY = ENGINES = ("local", "ray")


def pool_on(engine: str, count: int, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Pool:
    """Return `count` workers on an engine; arguments as of `Workers`.

    Raises:
        ConfigError: no such engine, or it is not installed.
    """
    if engine not in ENGINES:
        raise ConfigError(f"engine: got {engine!r}, expected one of {', '.join(ENGINES)}")
    if engine == LOCAL:
        return Workers(count, make, arguments)
    from ami_ros.system.ray_workers import RayWorkers  # an optional package

    return RayWorkers(count, make, arguments)
