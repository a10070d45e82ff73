# SPDX-License-Identifier: Apache-2.0
"""Classic controllers, tuned by a grid on profiles of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from benchmarks.turbofan.controllers import PI, Controller, MinMax
from benchmarks.turbofan.rows import outcomes
from benchmarks.turbofan.world import World

TUNED_ON = range(5_000_001, 5_000_007)  # seeds of the grids: a profile of each kind
USUAL = "min-max"
C = TypeVar("C", bound=Controller)


def tuned_min_max(world: World, seeds: Sequence[int]) -> MinMax:
    """Return the min-max controller of a grid that keeps the limits and follows thrust best on some seeds."""
    grid = [MinMax(gain, over) for gain in (2.0, 3.0, 4.0) for over in (1.25, 1.4, 1.6)]
    return _best(grid, world, seeds)


def tuned_pi(world: World, seeds: Sequence[int]) -> PI:
    """Return the PI controller of a grid that does so."""
    grid = [PI(gain, reset) for gain in (0.7, 1.0, 1.4) for reset in (1.0, 2.0)]
    return _best(grid, world, seeds)


def _best(grid: Sequence[C], world: World, seeds: Sequence[int]) -> C:
    def worth(controller: C) -> tuple[int, float]:
        found = outcomes(world, controller, seeds)
        errors = [np.abs(one.error).mean() for one in found]
        return sum(one.steps_beyond for one in found), float(np.mean(errors))

    return min(grid, key=worth)
