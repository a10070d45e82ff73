# SPDX-License-Identifier: Apache-2.0
"""What counts as dropped, and as another attempt."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.report.grasps import closings, drops

UP, DOWN = 0.12, 0.025  # m


def moments(tip_height, block_height, opening=None):
    """Return moments of a hand straight above a block, and of another block that nobody touches."""
    steps = len(tip_height)
    zeros, turned = np.zeros(steps), np.zeros((steps, 2, 4))
    block = np.stack([zeros, zeros, np.asarray(block_height, dtype=float)], axis=1)
    other = np.stack([zeros + 0.3, zeros, zeros + DOWN], axis=1)
    return {
        "tip": np.stack([zeros, zeros, np.asarray(tip_height, dtype=float)], axis=1),
        "opening": np.asarray(opening if opening is not None else zeros, dtype=float)[:, None],
        "objects": np.concatenate([np.stack([block, other], axis=1), turned], axis=2),
    }


@pytest.mark.parametrize(
    ("tip", "block", "count"),
    [
        ([DOWN, 0.07, UP, UP, UP], [DOWN, 0.07, UP, UP, UP], 0),
        ([DOWN, UP, UP, UP, UP], [DOWN, UP, 0.06, DOWN, DOWN], 1),
        ([DOWN, UP, UP, UP, DOWN, UP, UP], [DOWN, UP, 0.06, DOWN, DOWN, UP, 0.03], 2),
        ([UP, DOWN, DOWN, 0.06, UP], [UP, DOWN, DOWN, DOWN, DOWN], 0),
    ],
    ids=["it is kept", "it falls", "it falls twice", "it is put down"],
)
def test_what_falls_out_of_the_hand_is_dropped(tip, block, count):
    assert drops(moments(tip, block)) == count


@pytest.mark.parametrize(
    ("opening", "count"),
    [
        ([0.08, 0.08, 0.079, 0.08], 0),
        ([0.08, 0.07, 0.06, 0.05, 0.05, 0.051], 1),
        ([0.08, 0.05, 0.08, 0.08], 1),
        ([0.08, 0.04, 0.0, 0.03, 0.08, 0.06, 0.05], 2),
        ([0.03, 0.08, 0.06, 0.05], 1),
        ([0.05, 0.049, 0.05, 0.08], 0),
        ([0.9, 0.88, 0.4, 0.3, 0.29, 0.31], 1),
    ],
    ids=[
        "open",
        "it grips",
        "it grips and lets go",
        "a miss, then a grip",
        "closed at first",
        "held at first",
        "a jaw whose channel is an angle",
    ],
)
def test_fingers_that_close_are_counted(opening, count):
    assert closings({"opening": np.array(opening)[:, None]}) == count


def test_a_body_without_a_hand_has_neither():
    assert drops({"tip": np.zeros((2, 3))}) is None and closings({"tip": np.zeros((2, 3))}) is None
