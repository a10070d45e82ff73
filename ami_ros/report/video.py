# SPDX-License-Identifier: Apache-2.0
"""The video: every episode re-enacted from what was recorded, next to the goal and what the robot saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.report.caption import Canvas
from ami_ros.report.statistics import REACHED
from ami_ros.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

Render = Callable[[FloatArray, FloatArray], ImageArray]  # joints (J,), poses of objects (M, 7) -> image

MAIN_SIZE = (480, 360)  # px, width and height of the large view
INSET = 156  # px, side of the goal and camera views
MARGIN = 12
HEADER = 40
FRAME_SIZE = (MARGIN * 3 + MAIN_SIZE[0] + INSET, HEADER + MAIN_SIZE[1] + MARGIN)  # both even, for H.264
REST_S = 1.0  # the end of an episode stays this long
STILL = 2e-3  # rad or m: what moved less is not drawn again (less than a pixel)
BACKGROUND, INK, FAINT = (17, 20, 26), (236, 240, 245), (139, 148, 158)
GREEN, AMBER, RED = (63, 185, 80), (227, 179, 65), (248, 81, 73)


def write_video(
    path: Path, results: Sequence[EpisodeResult], scene: Render, camera: Render, step_s: float
) -> Iterator[int]:
    """Write an H.264 file that browsers play, yielding the number of frames done after each.

    Args:
        path: the .mp4 file; its folder exists.
        results: the episodes, in order.
        scene: draws the large view, MAIN_SIZE.
        camera: draws what the robot sees.
        step_s: duration of a control step; one frame each, so the video runs in the robot's time.
    """
    rate = Fraction(1.0 / step_s).limit_denominator(1000)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = FRAME_SIZE
        stream.pix_fmt = "yuv420p"  # browsers play no other
        stream.options = {"crf": "23", "preset": "veryfast"}
        views = _when_moved(scene), _when_moved(camera)
        frames = (frame for i in range(len(results)) for frame in _episode(results, i, *views, step_s))
        for count, picture in enumerate(frames, start=1):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            yield count
        container.mux(stream.encode(None))


def frame_count(results: Sequence[EpisodeResult], step_s: float) -> int:
    """Return how many frames `write_video` will write."""
    return sum(len(result.joints) + round(REST_S / step_s) for result in results)


def _when_moved(render: Render) -> Render:
    """Draw again only when something has moved: most of the time goes into drawing."""
    drawn: list[tuple[FloatArray, ImageArray]] = []

    def cached(joints: FloatArray, poses: FloatArray) -> ImageArray:
        state = np.concatenate([joints, poses.ravel()])
        if not drawn or float(np.abs(state - drawn[0][0]).max()) > STILL:
            drawn[:] = [(state, render(joints, poses))]
        return drawn[0][1]

    return cached


def _episode(
    results: Sequence[EpisodeResult], index: int, scene: Render, camera: Render, step_s: float
) -> Iterator[NDArray[np.uint8]]:
    result = results[index]
    for step, state in enumerate(zip(result.joints, result.poses, strict=True)):
        last = step == len(result.joints) - 1
        picture = _compose(result, step, scene(*state), result.final_image if last else camera(*state))
        canvas = Canvas(picture)
        canvas.text((MARGIN, 10), f"Goal {index + 1} of {len(results)}", INK, 18, bold=True)
        canvas.text((MARGIN + MAIN_SIZE[0], 13), f"{step * step_s:.1f} s", FAINT, 14, anchor="right")
        _distance(canvas, result, step, last)
        yield canvas.image()
    for _ in range(round(REST_S / step_s)):
        yield canvas.image()


def _compose(result: EpisodeResult, step: int, large: ImageArray, seen: ImageArray) -> NDArray[np.uint8]:
    width, height = FRAME_SIZE
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    picture[HEADER : HEADER + MAIN_SIZE[1], MARGIN : MARGIN + MAIN_SIZE[0]] = large
    left = 2 * MARGIN + MAIN_SIZE[0]
    for top, image in ((HEADER + 20, result.goal_image), (HEADER + INSET + 48, seen)):
        square = cv2.resize(
            image, (INSET, INSET), interpolation=cv2.INTER_AREA if len(image) > INSET else cv2.INTER_CUBIC
        )
        picture[top : top + INSET, left : left + INSET] = square
    return picture


def _distance(canvas: Canvas, result: EpisodeResult, step: int, last: bool) -> None:
    left = 2 * MARGIN + MAIN_SIZE[0]
    canvas.text((left, HEADER), "goal image", FAINT, 13)
    canvas.text((left, HEADER + INSET + 28), "robot's camera", FAINT, 13)
    error = float(result.error[step])
    colour = GREEN if error <= REACHED else RED if last else AMBER
    verdict = ("reached" if error <= REACHED else "missed") if last else "to goal"
    canvas.text(
        (MARGIN + MAIN_SIZE[0] // 2, 11),
        f"{error * 100:.1f} cm {verdict}",
        colour,
        17,
        anchor="middle",
        bold=last,
    )
