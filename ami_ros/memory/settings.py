# SPDX-License-Identifier: Apache-2.0
"""How much is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class MemorySettings:
    """The memory of a robot: config/memory.yaml."""

    most_mb: int = setting(
        "size of the file; above it, the most common moments are deleted", ge=1, le=10**6, unit="MB"
    )
    queue: int = setting(
        "moments that may wait to be written; the rest is dropped and counted", ge=1, le=10**6
    )
    seed: int = setting("seed of the choice of what to forget", ge=0)
