# SPDX-License-Identifier: Apache-2.0
"""What the planner reports about its model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelReport:
    """How far the planner trusts its model; None is not known, and NaN is high.

    Attributes:
        surprise: 1 where the training data was at its usual worst.
        surprise_at_rest: the part of it that an observation shows while nothing moves.
        disagreement: 1 is usual.
    """

    surprise: float | None = None
    surprise_at_rest: float | None = None
    disagreement: float | None = None
