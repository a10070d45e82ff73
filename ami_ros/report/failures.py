# SPDX-License-Identifier: Apache-2.0
"""Where episodes went wrong, as one picture: goal, end, and both overlaid, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ami_ros.errors import ImageError
from ami_ros.report.caption import Canvas
from ami_ros.report.pictures import overlay
from ami_ros.types import ImageArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

COLUMNS = 3  # episodes side by side
SIDE, GAP, CAPTION = 128, 4, 20  # px
MOST = 30  # episodes; the worst ones
PAPER, INK, AMBER, RED = (17, 20, 26), (236, 240, 245), (227, 179, 65), (248, 81, 73)


def failures(results: Sequence[EpisodeResult]) -> list[EpisodeResult]:
    """Return the episodes that end outside the strictest threshold, worst first; NaN is the worst."""
    missed = [result for result in results if not result.error[-1] <= result.yardstick.strictest.error]
    return sorted(missed, key=lambda result: -np.nan_to_num(result.error[-1], nan=np.inf))


def failure_sheet(failed: Sequence[EpisodeResult]) -> ImageArray:
    """Return a contact sheet (H, W, 3) of at most 30 episodes; at least one is needed.

    Raises:
        ImageError: an episode has no picture of its goal, or of its end.
    """
    shown = failed[:MOST]
    rows, columns = -(-len(shown) // COLUMNS), min(COLUMNS, len(shown))
    height, width = CAPTION + SIDE + GAP, 3 * SIDE + 3 * GAP
    sheet = np.full((rows * height + GAP, columns * width + GAP, 3), PAPER, dtype=np.uint8)
    corners = [(GAP + (i // COLUMNS) * height, GAP + (i % COLUMNS) * width) for i in range(len(shown))]
    for (top, left), result in zip(corners, shown, strict=True):
        for place, picture in enumerate(_pictures(result)):
            x, y = left + place * (SIDE + 1), top + CAPTION
            small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            sheet[y : y + SIDE, x : x + SIDE] = small
    canvas = Canvas(sheet)
    for (top, left), result in zip(corners, shown, strict=True):
        yardstick, last = result.yardstick, float(result.error[-1])
        said = "on its way" if result.arrived_step is None else f"arrived: {result.arrived_step}"
        canvas.text((left, top + 2), f"seed {result.seed}: goal, end, both", INK, 12)
        canvas.text(
            (left + 3 * SIDE, top + 2),
            f"{result.error[0] * yardstick.per_error:.1f} to {yardstick.text(last)}, {said}",
            RED if last > yardstick.loosest.error else AMBER,
            12,
            anchor="right",
        )
    return canvas.image()


def _pictures(result: EpisodeResult) -> tuple[ImageArray, ImageArray, ImageArray]:
    goal, final = result.goal_image, result.final_image
    if goal is None or final is None:
        raise ImageError(f"seed {result.seed}: got no picture of goal and end, expected both")
    return goal, final, overlay(goal, final)
