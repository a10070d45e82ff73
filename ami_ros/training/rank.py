# SPDX-License-Identifier: Apache-2.0
"""Statistics that only use the order of values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Return ranks (N,) from 0 of values (N,); equal values share their mean rank."""
    _, where, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[where]


def spearman(one: ArrayLike, other: ArrayLike) -> float:
    """Return the rank correlation of two sets of N values: 1 for the same order, 0 if unrelated or constant.

    Source: Spearman, "The proof and measurement of association between two things" (1904).
    """
    a, b = (r - r.mean() for r in (ranks(one), ranks(other)))
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0.0 else 0.0


def roc_auc(negative: ArrayLike, positive: ArrayLike) -> float:
    """Return the probability that a positive (M,) scores above a negative (N,); ties count half.

    Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than
    the other" (1947).
    """
    low, high = np.asarray(negative), np.asarray(positive)
    above = ranks(np.concatenate([low, high]))[len(low) :].sum() - len(high) * (len(high) - 1) / 2
    return float(above / (len(low) * len(high)))
