# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: how long glucose was in range, and how long below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ami_ros.types import FloatArray

IN_RANGE = (70.0, 180.0)  # mg/dl
VERY_LOW = 54.0  # mg/dl
DRAWS = 2000  # of the bootstrap


def row(controller: str, announced: bool, days: Sequence[FloatArray]) -> dict[str, Any]:
    """Return the figures of a row: means over days, as shares of the day, with an interval by bootstrap.

    Source: the ranges are those of Battelino et al., "Clinical targets for continuous glucose monitoring data
    interpretation" (2019).

    Args:
        controller: its name.
        announced: whether it heard of meals.
        days: true glucose of each day, mg/dl.
    """
    low, high = IN_RANGE
    inside = np.array([np.mean((low <= one) & (one <= high)) for one in days])
    generator = np.random.default_rng(0)
    means = inside[generator.integers(len(inside), size=(DRAWS, len(inside)))].mean(axis=1)
    return {
        "controller": controller,
        "announced": announced,
        "time_in_range": float(inside.mean()),
        "time_in_range_ci": np.quantile(means, [0.025, 0.975]).tolist(),
        "time_below_70": float(np.mean([np.mean(one < low) for one in days])),
        "time_below_54": float(np.mean([np.mean(one < VERY_LOW) for one in days])),
        "glucose_mean": float(np.mean([one.mean() for one in days])),
        "time_in_range_of_days": inside.tolist(),
    }
