# SPDX-License-Identifier: Apache-2.0
"""Whether, and from when on, a robot stood still, by where it was at each look."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ami_ros.types import FloatArray

Gap = Callable[[FloatArray, FloatArray], float]


@dataclass(frozen=True, eq=False)
class Look:
    """Where the robot was (P,), when."""

    stamp_ns: int
    place: FloatArray


def still_since(looks: Sequence[Look], since_ns: int, gap: Gap, least: float) -> int | None:
    """Return from which look on the robot has been at rest to the end; None while it moves, or of one look.

    Args:
        looks: in order.
        since_ns: those before count for nothing.
        gap: how far two places are apart.
        least: from one look to the next; less is at rest.
    """
    after, still_ns = [look for look in looks if look.stamp_ns >= since_ns], None
    for one, other in itertools.pairwise(after):
        if not gap(one.place, other.place) < least:  # what is no number moves
            still_ns = None
        elif still_ns is None:
            still_ns = one.stamp_ns
    return still_ns


def moved_since(looks: Sequence[Look], since_ns: int, gap: Gap) -> float:
    """Return how far from where it was then the robot has ever been."""
    after = [look.place for look in looks if look.stamp_ns >= since_ns]
    return max((gap(after[0], place) for place in after), default=0.0)
