# SPDX-License-Identifier: Apache-2.0
"""Maps that training has, and maps that are kept for a test."""

from __future__ import annotations

import numpy as np

SEEN, UNSEEN = MAPS = ("seen", "unseen")


def drawn(
    generator: np.random.Generator, which: str, whole: tuple[float, float], kept: tuple[float, float]
) -> float:
    """Return a number at random by which maps differ.

    Args:
        generator: random numbers.
        which: one of MAPS.
        whole: lowest and highest of all maps.
        kept: lowest and highest of those that training never has, within `whole`.
    """
    if which == UNSEEN:
        return float(generator.uniform(*kept))
    gap = kept[1] - kept[0]
    number = float(generator.uniform(whole[0], whole[1] - gap))
    return number if number < kept[0] else number + gap
