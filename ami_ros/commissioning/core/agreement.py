# SPDX-License-Identifier: Apache-2.0
"""Whether plans point to where the robot came from, compared with unrelated plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ami_ros.types import RARE_SURPRISE, FloatArray

SHUFFLES = 20  # of the ways among the plans: estimates chance without the noise of one draw


@dataclass(frozen=True, eq=False)
class Comparison:
    """One plan whose goal was a picture from a moment before.

    Attributes:
        planned: (A,) its first action.
        way: (A,) from where the robot is to where the picture was taken, in the same units.
        surprise: of the current picture; None if the model does not judge it.
    """

    planned: FloatArray
    way: FloatArray
    surprise: float | None = None


def agreement(compared: Sequence[Comparison], generator: np.random.Generator) -> dict[str, Any]:
    """Return the figures of the shadow step, ready for JSON; None where data is missing.

    Args:
        compared: the plans.
        generator: shuffles the ways among the plans.

    Returns:
        ``plans``; ``agreement``, the mean cosine between planned action and way, in which a plan that stands
        still counts as 0; ``shuffled``, the same with the ways of other moments; ``surprised_share`` of the
        pictures; ``surprise_p50``.
    """
    surprises = [it.surprise for it in compared if it.surprise is not None]
    figures: dict[str, Any] = {"plans": len(compared), "agreement": None, "shuffled": None}
    if compared:
        planned, ways = _directions([it.planned for it in compared]), _directions([it.way for it in compared])
        mixed = [(planned * generator.permutation(ways)).sum(axis=1).mean() for _ in range(SHUFFLES)]
        figures |= {"agreement": float(cosines(compared).mean()), "shuffled": float(np.mean(mixed))}
    rare = [surprise > RARE_SURPRISE for surprise in surprises]
    figures["surprised_share"] = float(np.mean(rare)) if rare else None
    figures["surprise_p50"] = float(np.median(surprises)) if surprises else None
    return figures


def cosines(compared: Sequence[Comparison]) -> FloatArray:
    """Return the cosine (N,) of each plan with its way; 0 for a plan that stands still."""
    if not compared:
        return np.zeros(0)
    planned, ways = _directions([it.planned for it in compared]), _directions([it.way for it in compared])
    result: FloatArray = (planned * ways).sum(axis=1)
    return result


def _directions(given: Sequence[FloatArray]) -> FloatArray:
    """Return vectors (A,) with length 1, stacked (N, A); those of length 0, or not finite, are 0."""
    vectors = np.stack(given)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(lengths) & (lengths > 0.0)
    return np.where(usable, vectors / np.where(usable, lengths, 1.0), 0.0)
