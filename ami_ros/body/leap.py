# SPDX-License-Identifier: Apache-2.0
"""By how much a position reading exceeds the distance possible since the one before."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray

SHORTEST_S = 1e-12  # a product with infinity has to be infinite, and not NaN


def excess(
    before: FloatArray,
    after: FloatArray,
    elapsed_s: FloatArray | float,
    fastest: FloatArray | float,
    jump: float,
) -> FloatArray:
    """Return how far each number (..., n) leaps: above 0 the two readings contradict each other.

    Args:
        before: (..., n) rad or m.
        after: (..., n) rad or m.
        elapsed_s: between their stamps, a number or (..., 1).
        fastest: (n,) largest velocity, per second; infinite where there is none.
        jump: what noise and jitter may add.
    """
    reach = np.where(np.asarray(elapsed_s) > 0.0, fastest * np.maximum(elapsed_s, SHORTEST_S), 0.0)
    beyond: FloatArray = np.abs(after - before) - jump - reach
    return beyond
