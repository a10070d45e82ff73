# SPDX-License-Identifier: Apache-2.0
"""Statistics of features, with which lerobot normalises: of each episode, and of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray, ImageArray

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}

# min, max, mean, std, QUANTILES (n,), or (3, 1, 1) of pictures; count (1,) frames.
Statistics: TypeAlias = Mapping[str, NDArray[Any]]


def of_numbers(values: NDArray[Any]) -> Statistics:
    """Return the statistics of numbers (N, n)."""
    values = values.astype(np.float64)
    return {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "count": np.array([len(values)]),
        **{name: np.quantile(values, share, axis=0) for name, share in QUANTILES.items()},
    }


def of_pictures(pictures: ImageArray) -> Statistics:
    """Return the statistics of pictures (N, H, W, 3) per colour, scaled to [0, 1]."""
    counts = np.stack([np.bincount(pictures[..., colour].ravel(), minlength=256) for colour in range(3)])
    levels: FloatArray = np.arange(256) / 255.0
    total = counts.sum(axis=1, keepdims=True)
    mean = (counts @ levels) / total[:, 0]
    square = (counts @ levels**2) / total[:, 0]
    below = np.cumsum(counts, axis=1)

    def level(place: FloatArray) -> FloatArray:
        """Return the brightness (3, 1) at a rank from dark to bright."""
        found: FloatArray = levels[(below <= np.minimum(place, total - 1)).sum(axis=1)]
        return found

    found = {
        "min": level(np.zeros((3, 1))),
        "max": level(total - 1.0),
        "mean": mean,
        "std": np.sqrt(np.maximum(square - mean**2, 0.0)),
        **{name: level(share * total) for name, share in QUANTILES.items()},
    }
    shaped = {name: values.reshape(3, 1, 1) for name, values in found.items()}
    return {**shaped, "count": np.array([len(pictures)])}


def of_all(episodes: Sequence[Statistics]) -> Statistics:
    """Return the combined statistics of episodes.

    Quantiles are the means of the episodes' quantiles, weighted by frames.
    Source: `aggregate_stats` of lerobot.
    """
    stacked = {name: np.stack([one[name] for one in episodes]) for name in episodes[0]}
    counts = stacked["count"][:, 0]

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return np.average(values, axis=0, weights=counts)

    middle = mean(stacked["mean"])
    return {
        "min": stacked["min"].min(axis=0),
        "max": stacked["max"].max(axis=0),
        "mean": middle,
        "std": np.sqrt(mean(stacked["std"] ** 2 + (stacked["mean"] - middle) ** 2)),
        "count": np.array([counts.sum()]),
        **{name: mean(stacked[name]) for name in QUANTILES},
    }
