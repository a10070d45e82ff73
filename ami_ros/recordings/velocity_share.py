# SPDX-License-Identifier: Apache-2.0
"""Check reported velocities against the change of positions: another unit or another sign shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray

AGREE = (0.5, 2.0)  # reported / measured; filters of a driver make it less than one


def travelled(times_s: FloatArray, velocities: FloatArray) -> FloatArray:
    """Return how far velocities (N, n) lead up to each sample (N, n), by the trapezoidal rule."""
    steps = 0.5 * (velocities[1:] + velocities[:-1]) * np.diff(times_s)[:, None]
    return np.concatenate([np.zeros((1, velocities.shape[1])), np.cumsum(steps, axis=0)])


def velocity_share(products: FloatArray, squares: FloatArray) -> FloatArray:
    """Return the share of the motion that velocities report (..., n), by least squares; NaN without motion.

    Args:
        products: (..., n) sums, over intervals, of how far velocities lead times how far positions change.
        squares: (..., n) sums of the squares of how far positions change.
    """
    share: FloatArray = np.full(squares.shape, np.nan)
    np.divide(products, squares, out=share, where=squares > 0.0)
    return share


def agrees(share: FloatArray) -> NDArray[np.bool_]:
    """Return where shares are near enough to one, or not known."""
    return np.isnan(share) | ((share >= AGREE[0]) & (share <= AGREE[1]))
