# SPDX-License-Identifier: Apache-2.0
"""What a broken camera delivers instead of each image. Pure: time comes with the stamps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ami_ros.sim.faults.stuck_stream import Delayed, Frozen, with_new_stamp
from ami_ros.types import ImageArray

Frame = tuple[ImageArray, int]  # pixels (H, W, 3) uint8 and stamp in ns
CameraFault = Callable[[Frame], list[Frame]]

LOSS = 0.5  # chance that an image is lost
SHIFT = (0.10, 0.20)  # share of the image's width and height
COVER = 0.75  # share of width and height that is covered


def _black(frame: Frame) -> list[Frame]:
    return [(np.zeros_like(frame[0]), frame[1])]


def _occluded(generator: np.random.Generator) -> CameraFault:
    corner, colour = generator.uniform(size=2), generator.integers(0, 256, 3)

    def cover(frame: Frame) -> list[Frame]:
        image, stamp_ns = frame
        sides = np.array(image.shape[:2])
        top, left = ((1.0 - COVER) * corner * sides).astype(int)
        height, width = (COVER * sides).astype(int)
        covered = image.copy()
        covered[top : top + height, left : left + width] = colour
        return [(covered, stamp_ns)]

    return cover


def _shifted(generator: np.random.Generator) -> CameraFault:
    share = generator.uniform(*SHIFT, 2) * generator.choice([-1, 1], 2)

    def shift(frame: Frame) -> list[Frame]:
        image, stamp_ns = frame
        rows, columns = (
            np.clip(np.arange(side) - round(side * part), 0, side - 1)
            for side, part in zip(image.shape[:2], share, strict=True)
        )
        return [(np.ascontiguousarray(image[rows][:, columns]), stamp_ns)]

    return shift


def _dropped(generator: np.random.Generator) -> CameraFault:
    return lambda frame: [] if generator.uniform() < LOSS else [frame]


CAMERA_FAULTS: dict[str, Callable[[np.random.Generator], CameraFault]] = {
    "camera_frozen": lambda _: Frozen[Frame](),
    "camera_repeated": lambda _: Frozen[Frame](with_new_stamp),
    "camera_black": lambda _: _black,
    "camera_occluded": _occluded,
    "camera_shifted": _shifted,
    "camera_delayed": lambda _: Delayed[Frame](lambda frame: frame[1]),
    "camera_dropped": _dropped,
}
