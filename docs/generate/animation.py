# SPDX-License-Identifier: Apache-2.0
"""The animated picture on top of the README, from the video of a demo.

ami-ros demo --task push --goals 6 --seed 1 --no-baselines --out demo
PYTHONPATH=docs python -m generate.animation demo/video.mp4
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from ami_ros.report.video import AMBER, GREEN, RED

PICTURE = Path(__file__).resolve().parents[1] / "images" / "demo.gif"
GOALS, FROM_EACH_S = 4, 4.5  # goals of the video, and what is shown of each, from its start
WIDTH, COLOURS = 560, 64
TEXT = (GREEN, AMBER, RED)  # too small to be among the most frequent colours


def frames(video: Path) -> Iterator[Image.Image]:
    """Yield the frames that are shown, small."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        goal = stream.frames // GOALS
        shown = round(FROM_EACH_S * float(stream.average_rate or 10))
        for number, frame in enumerate(container.decode(stream)):
            if number % goal < shown:
                picture = frame.to_ndarray(format="rgb24")
                size = (WIDTH, round(len(picture) * WIDTH / len(picture[0])))
                yield Image.fromarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def main(video: Path) -> None:
    """Write PICTURE: one palette for all frames, so that what stands still costs nothing."""
    pictures = list(frames(video))
    looks = [picture for goal in range(GOALS) for picture in _ends(pictures, goal)]
    mosaic = Image.fromarray(np.hstack([np.array(picture) for picture in looks]))
    palette = mosaic.quantize(COLOURS - len(TEXT), dither=Image.Dither.NONE)
    palette.putpalette((palette.getpalette() or []) + [part for colour in TEXT for part in colour])
    small = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    small[0].save(PICTURE, save_all=True, append_images=small[1:], duration=100, loop=0, optimize=True)
    print(f"{PICTURE}: {len(small)} frames, {PICTURE.stat().st_size / 1e6:.2f} MB")


def _ends(pictures: list[Image.Image], goal: int) -> list[Image.Image]:
    length = len(pictures) // GOALS
    return [pictures[goal * length], pictures[(goal + 1) * length - 1]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
