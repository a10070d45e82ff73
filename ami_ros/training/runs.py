# SPDX-License-Identifier: Apache-2.0
"""Whole runs are held out: stretches of one run are alike, and would make a model look better than it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ami_ros.episodes.episode import OWN_RUN, read_episode

LEAST = 2  # episodes, for training and held out


def whole_runs(paths: Sequence[Path], held: int) -> int:
    """Return how many of the last episodes to hold out, so that no run is split.

    The next larger number, up to twice as many, else the next smaller one. A run that is longer than that is
    split, as the only one of a long recording must be.

    Args:
        paths: of the episodes, in the order in which they were recorded.
        held: how many are wanted.

    Raises:
        EpisodeError: one cannot be read.
    """
    most = min(2 * held, len(paths) - LEAST)
    larger = next((count for count in range(held, most + 1) if _parts(paths, count)), 0)
    smaller = next((count for count in range(held - 1, LEAST - 1, -1) if _parts(paths, count)), 0)
    return larger or smaller or held


def _parts(paths: Sequence[Path], count: int) -> bool:
    """Return whether a run ends before the last `count` episodes."""
    before, after = (int(read_episode(paths[-count - one]).run) for one in (1, 0))
    return before != after or before == OWN_RUN
