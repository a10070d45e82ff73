# SPDX-License-Identifier: Apache-2.0
"""Maps for training, maps kept for a test, and maps that change on the way."""

from __future__ import annotations

import numpy as np

SEEN, UNSEEN, CHANGED = MAPS = ("seen", "unseen", "changed")


def drawn(
    generator: np.random.Generator, which: str, whole: tuple[float, float], kept: tuple[float, float]
) -> float:
    """Draw the number by which maps differ.

    Args:
        generator: random numbers.
        which: one of MAPS; a changed map consists of two training maps.
        whole: lowest and highest of all maps.
        kept: lowest and highest of the maps unseen in training, within `whole`.
    """
    if which == UNSEEN:
        return float(generator.uniform(*kept))
    gap = kept[1] - kept[0]
    number = float(generator.uniform(whole[0], whole[1] - gap))
    return number if number < kept[0] else number + gap
