# SPDX-License-Identifier: Apache-2.0
"""The animated pictures of the README: each from the video of a demo, its number of goals, and a name.

ami-ros demo --task push --goals 4 --seed 1 --no-baselines --out demo
PYTHONPATH=docs python -m generate.animation demo/video.mp4 4 demo.gif

ami-ros demo --robot panda_hand --task place --out demo
PYTHONPATH=docs python -m generate.animation demo/video.mp4 10 place.gif
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

IMAGES = Path(__file__).resolve().parents[1] / "images"
SHOWN, FROM_EACH_S = 4, 4.5  # the first goals, and what is shown of each, from its start
EVERY, FRAME_MS = 2, 200  # frames of the video
WIDTH, COLOURS = 560, 64
TEXT = (GREEN, AMBER, RED)  # too small to be among the most frequent colours


def frames(video: Path, goals: int) -> Iterator[Image.Image]:
    """Yield the frames that are shown, small, of a video of `goals` goals."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        goal = stream.frames // goals
        shown = round(FROM_EACH_S * float(stream.average_rate or 10))
        for number, frame in enumerate(container.decode(stream)):
            if number < SHOWN * goal and number % goal < shown and number % EVERY == 0:
                picture = frame.to_ndarray(format="rgb24")
                size = (WIDTH, round(len(picture) * WIDTH / len(picture[0])))
                yield Image.fromarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def main(video: Path, goals: int, path: Path) -> None:
    """Write a picture: one palette for all frames, so that what stands still costs nothing."""
    pictures = list(frames(video, goals))
    looks = [picture for goal in range(SHOWN) for picture in _ends(pictures, goal)]
    mosaic = Image.fromarray(np.hstack([np.array(picture) for picture in looks]))
    palette = mosaic.quantize(COLOURS - len(TEXT), dither=Image.Dither.NONE)
    palette.putpalette((palette.getpalette() or []) + [part for colour in TEXT for part in colour])
    small = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    small[0].save(path, save_all=True, append_images=small[1:], duration=FRAME_MS, loop=0, optimize=True)
    print(f"{path}: {len(small)} frames, {path.stat().st_size / 1e6:.2f} MB")


def _ends(pictures: list[Image.Image], goal: int) -> list[Image.Image]:
    length = len(pictures) // SHOWN
    return [pictures[goal * length], pictures[(goal + 1) * length - 1]]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), IMAGES / sys.argv[3])
