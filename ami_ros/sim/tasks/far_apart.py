# SPDX-License-Identifier: Apache-2.0
"""Draws starts and goals until they are far enough apart."""

from __future__ import annotations

from collections.abc import Callable

from ami_ros.errors import ConfigError
from ami_ros.types import FloatArray

DRAWS = 1000  # to try


def far_apart(
    draw: Callable[[], FloatArray], error: Callable[[FloatArray, FloatArray], float], least: float
) -> tuple[FloatArray, FloatArray]:
    """Return the first start and goal whose error is at least `least`, the task's `minimum_travel`.

    Args:
        draw: returns a random start or goal; called for a start first.
        error: of a start and a goal.
        least: as above.

    Raises:
        ConfigError: no draw succeeded.
    """
    for _ in range(DRAWS):
        start, goal = draw(), draw()
        if error(start, goal) >= least:
            return start, goal
    raise ConfigError(f"minimum_travel: got {least}, which {DRAWS} draws did not reach; lower it")
