# SPDX-License-Identifier: Apache-2.0
"""The video: every episode re-enacted from its record, next to the goal and the robot's view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.report.caption import Canvas
from ami_ros.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

Moment = Mapping[str, FloatArray]  # a result of `World.snapshot`
Render = Callable[[Moment], ImageArray]

MAIN_SIZE = (480, 360)  # px, width and height of the large view
INSET = 156  # px, side of the goal and camera views
MARGIN = 12
HEADER = 40
FRAME_SIZE = (MARGIN * 3 + MAIN_SIZE[0] + INSET, HEADER + MAIN_SIZE[1] + MARGIN)  # both even, for H.264
REST_S = 1.0  # the end of an episode stays this long
STILL = 2e-3  # rad or m: smaller motions are not drawn again (less than a pixel)
BACKGROUND, INK, FAINT = (17, 20, 26), (236, 240, 245), (139, 148, 158)
GREEN, AMBER, RED = (63, 185, 80), (227, 179, 65), (248, 81, 73)


def write_video(
    path: Path, results: Sequence[EpisodeResult], scene: Render, camera: Render, step_s: float
) -> Iterator[int]:
    """Write an H.264 file that browsers play, yielding the number of finished frames after each.

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
    return sum(len(result.error) + round(REST_S / step_s) for result in results)


def _when_moved(render: Render) -> Render:
    """Draw again only when something has moved: drawing takes most of the time."""
    drawn: list[tuple[FloatArray, ImageArray]] = []

    def cached(moment: Moment) -> ImageArray:
        state = np.concatenate([values.ravel() for values in moment.values()])
        if not drawn or float(np.abs(state - drawn[0][0]).max()) > STILL:
            drawn[:] = [(state, render(moment))]
        return drawn[0][1]

    return cached


def _episode(
    results: Sequence[EpisodeResult], index: int, scene: Render, camera: Render, step_s: float
) -> Iterator[NDArray[np.uint8]]:
    result = results[index]
    for step in range(len(result.error)):
        last = step == len(result.error) - 1
        moment = {name: values[step] for name, values in result.moments.items()}
        seen = result.final_image if last and result.final_image is not None else camera(moment)
        canvas = Canvas(_compose(result.goal_image, scene(moment), seen))
        canvas.text((MARGIN, 10), f"Goal {index + 1} of {len(results)}", INK, 18, bold=True)
        canvas.text((MARGIN + MAIN_SIZE[0], 13), f"{step * step_s:.1f} s", FAINT, 14, anchor="right")
        _distance(canvas, result, step, last)
        yield canvas.image()
    for _ in range(round(REST_S / step_s)):
        yield canvas.image()


def _compose(goal: ImageArray | None, large: ImageArray, seen: ImageArray) -> NDArray[np.uint8]:
    width, height = FRAME_SIZE
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    picture[HEADER : HEADER + MAIN_SIZE[1], MARGIN : MARGIN + MAIN_SIZE[0]] = large
    left = 2 * MARGIN + MAIN_SIZE[0]
    insets = [(HEADER + INSET + 48, seen), *([] if goal is None else [(HEADER + 20, goal)])]
    for top, image in insets:
        square = cv2.resize(
            image, (INSET, INSET), interpolation=cv2.INTER_AREA if len(image) > INSET else cv2.INTER_CUBIC
        )
        picture[top : top + INSET, left : left + INSET] = square
    return picture


def _distance(canvas: Canvas, result: EpisodeResult, step: int, last: bool) -> None:
    left = 2 * MARGIN + MAIN_SIZE[0]
    canvas.text((left, HEADER), "no goal image" if result.goal_image is None else "goal image", FAINT, 13)
    canvas.text((left, HEADER + INSET + 28), "robot's camera", FAINT, 13)
    error, yardstick = float(result.error[step]), result.yardstick
    reached = error <= yardstick.loosest.error
    colour = GREEN if reached else RED if last else AMBER
    verdict = ("reached" if reached else "missed") if last else "to goal"
    canvas.text(
        (MARGIN + MAIN_SIZE[0] // 2, 11),
        f"{yardstick.text(error)} {verdict}",
        colour,
        17,
        anchor="middle",
        bold=last,
    )
