# SPDX-License-Identifier: Apache-2.0
"""What a hand did in an episode: how often it closed, and what fell out of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ami_ros.types import FloatArray

IN_HAND = 0.03  # m from the tip to the middle of an object
FALL = 0.02  # m: lower than that soon after it left the hand, and it was dropped, not put down
SOON = 4  # control steps
TRAVEL = 0.125  # of the widest opening in the episode: fingers that move less neither open nor close


def drops(moments: Mapping[str, FloatArray]) -> int | None:
    """Return how often an object fell out of the hand; None for a body without one.

    Args:
        moments: as `World.snapshot` gives them: tip (S + 1, 3) and objects (S + 1, M, 7), m, opening
            (S + 1, 1) in the unit of its channel.
    """
    if not {"tip", "opening", "objects"} <= moments.keys():
        return None
    count = 0
    for middle in np.moveaxis(moments["objects"][..., :3], 1, 0):
        in_hand = np.linalg.norm(middle - moments["tip"], axis=-1) < IN_HAND
        height = middle[:, 2]
        for lost in np.flatnonzero(in_hand[:-1] & ~in_hand[1:]):
            count += int(height[lost] - height[lost + 1 :][:SOON].min() > FALL)
    return count


def closings(moments: Mapping[str, FloatArray]) -> int | None:
    """Return how often the fingers closed, on something or not; None for a body without a hand."""
    if "opening" not in moments:
        return None
    count, closing = 0, False
    # The widest opening since the fingers last turned, or while they close the narrowest.
    turn = float(moments["opening"][0, 0])
    travel = TRAVEL * float(np.abs(moments["opening"]).max())
    for opening in moments["opening"][1:, 0]:
        turn = min(turn, opening) if closing else max(turn, opening)
        if abs(opening - turn) > travel:
            closing, turn = not closing, float(opening)
            count += closing
    return count
