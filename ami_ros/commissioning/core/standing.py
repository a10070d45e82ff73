# SPDX-License-Identifier: Apache-2.0
"""Whether and since when a robot has stood still, by its place at each look."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ami_ros.types import FloatArray

Gap = Callable[[FloatArray, FloatArray], float]


@dataclass(frozen=True, eq=False)
class Look:
    """The robot's place (P,) at one time."""

    stamp_ns: int
    place: FloatArray


def still_since(looks: Sequence[Look], since_ns: int, gap: Gap, least: float) -> int | None:
    """Return the stamp since which the robot has been at rest; None if it moves, or with a single look.

    Args:
        looks: in order.
        since_ns: earlier looks do not count.
        gap: distance between two places.
        least: gap from one look to the next that counts as motion.
    """
    after, still_ns = [look for look in looks if look.stamp_ns >= since_ns], None
    for one, other in itertools.pairwise(after):
        if not gap(one.place, other.place) < least:  # NaN counts as motion
            still_ns = None
        elif still_ns is None:
            still_ns = one.stamp_ns
    return still_ns


def moved_since(looks: Sequence[Look], since_ns: int, gap: Gap) -> float:
    """Return the largest distance of the robot from its place at `since_ns`."""
    after = [look.place for look in looks if look.stamp_ns >= since_ns]
    return max((gap(after[0], place) for place in after), default=0.0)
