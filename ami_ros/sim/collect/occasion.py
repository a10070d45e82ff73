# SPDX-License-Identifier: Apache-2.0
"""Finds the moment of a normal clip at which something impossible could happen."""

from __future__ import annotations

import numpy as np

from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.types import FloatArray, ImageArray

# Events affect an object or a wall; without one, the camera's view of the arm.
OBJECT_KINDS = ("teleport", "vanish", "passes_through", "stranger")
WALL_KINDS = ("teleport", "vanish", "stranger")  # a wall is never pushed
ARM_KINDS = ("teleport", "vanish", "freeze", "stranger")
MARGIN = 6  # control steps before and after an event, at least
CLEAR = 0.08  # m, the tip's distance from a block in an event without contact
STILL = 1e-3  # m, a block that moves less has not been touched
TOUCHED = 1e-4  # m, a block that moves more has been
PUSHED = 0.04  # m that a block is pushed in a clip for an event of passing through
SEEN_GREY, SEEN_SHARE = 24, 0.002  # a pixel differs by more, in at least this share of the image
TRAVEL = 0.05  # m of the tip in the MARGIN steps after the arm's image freezes


def occasion(kind: str, clip: EpisodeRecord, stride: int, generator: np.random.Generator) -> int | None:
    """Return the index of the first observation to show the event; None: not in this clip.

    Args:
        kind: of OBJECT_KINDS if the clip has objects, else of ARM_KINDS.
        clip: a normal one.
        stride: control steps per action block; sudden events happen between two blocks.
        generator: chooses among the occasions.
    """
    steps, objects, tip = len(clip.actions), clip.truth["objects"], clip.truth["tip"]
    if kind == "stranger":
        return 0
    if kind == "passes_through":
        moved = np.linalg.norm(objects[:, 0, :2] - objects[0, 0, :2], axis=1)
        first = int(np.argmax(moved > TOUCHED))
        return first if moved.max() >= PUSHED and MARGIN <= first <= steps - MARGIN else None
    moments = [m for m in range(0, steps - MARGIN + 1, stride) if m >= MARGIN]
    if objects.shape[1]:
        block, hand = objects[:, 0, :2], tip[:, :2]
        moments = [
            m
            for m in moments
            if np.linalg.norm(block[m] - block[m - stride]) < STILL
            and np.linalg.norm(hand[m] - block[m]) > CLEAR
        ]
    elif kind == "freeze":
        moments = [m for m in moments if np.linalg.norm(tip[m + MARGIN] - tip[m]) > TRAVEL]
    return int(generator.choice(moments)) if moments else None


def shows(clip: EpisodeRecord, odd: EpisodeRecord, moment: int) -> bool:
    """Return whether a camera can tell two clips apart soon after `moment`: nothing hides the event."""
    soon = slice(moment, moment + MARGIN)
    return any(
        bool((changed_share(images[soon], odd.images[camera][soon]) > SEEN_SHARE).any())
        for camera, images in clip.images.items()
    )


def changed_share(before: ImageArray, after: ImageArray, levels: int = SEEN_GREY) -> FloatArray:
    """Return which share of the pixels of images (..., H, W, 3) differs by more grey levels (...)."""
    change = np.abs(before.astype(np.int16) - after.astype(np.int16)).max(axis=-1)
    share: FloatArray = (change > levels).mean(axis=(-2, -1))
    return share
