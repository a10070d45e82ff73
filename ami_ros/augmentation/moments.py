# SPDX-License-Identifier: Apache-2.0
"""Recorded moments in other looks: double exposures for training, and odd pictures to be detected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ami_ros.augmentation.recordings import Recordings
from ami_ros.augmentation.repainting import Repainter
from ami_ros.augmentation.strangers import clear_stranger
from ami_ros.episodes.double_exposure import SCENES, DoubleExposure
from ami_ros.episodes.oddity import BEYOND, BYSTANDER, OddityRecord
from ami_ros.errors import EpisodeError
from ami_ros.sim.camera.variation import (
    NAMES,
    Variation,
    beyond_variation,
    draw_variation,
    training_variation,
    varied_kinds,
)
from ami_ros.types import ImageArray

STREAM_ODD, STREAM_DOUBLE = 95, 96  # separate these draws from others
KINDS = (*NAMES, BYSTANDER)
ATTEMPTS = 100  # moments drawn until one has room for a bystander


def double_exposure(recordings: Recordings, index: int) -> DoubleExposure:
    """Show SCENES recorded moments in look `index` and in the plain one."""
    generator = recordings.generator(STREAM_DOUBLE, index)
    varied = varied_kinds(recordings.variation, generator)
    kinds = [NAMES[index % len(NAMES)], *varied]
    look = draw_variation(recordings.variation, generator, kinds, cameras=len(recordings.cameras))
    moments = [recordings.moment(generator) for _ in range(SCENES)]
    plain = [np.stack([images[moment] for moment in moments]) for images in recordings.images]
    varied_images = shown(recordings, plain, look, int(generator.integers(2**31)))
    return DoubleExposure(
        dict(zip(recordings.cameras, varied_images, strict=True)),
        dict(zip(recordings.cameras, plain, strict=True)),
    )


def oddity(recordings: Recordings, index: int) -> OddityRecord:
    """Show one recorded moment with each oddity of KINDS.

    Raises:
        EpisodeError: no moment has room for a bystander.
    """
    generator = recordings.generator(STREAM_ODD, index)
    for _ in range(ATTEMPTS):
        odd = _in_all_ways(recordings, generator)
        if odd is not None:
            return odd
    raise EpisodeError(
        f"oddity {index}: found no occasion in {ATTEMPTS} moments: is there room next to what moves? To skip "
        "odd pictures: --oddities 0"
    )


def _in_all_ways(recordings: Recordings, generator: np.random.Generator) -> OddityRecord | None:
    moment, cameras = recordings.moment(generator), len(recordings.cameras)
    plain = [images[moment][None] for images in recordings.images]
    pictures: list[list[ImageArray]] = [[] for _ in plain]
    for kind in KINDS:
        if kind == BYSTANDER:
            look = training_variation(recordings.variation, generator, cameras)
            pasted = _with_stranger(recordings, plain, generator)
            if pasted is None:
                return None
            before = pasted
        else:
            look = beyond_variation(recordings.variation, generator, kind, BEYOND, cameras)
            before = plain
        seen = shown(recordings, before, look, int(generator.integers(2**31)))
        for pictured, images in zip(pictures, seen, strict=True):
            pictured.append(images[0])
    vectors = {name: values[moment] for name, values in recordings.episodes.vectors.items()}
    stacked = {name: np.stack(seen) for name, seen in zip(recordings.cameras, pictures, strict=True)}
    return OddityRecord(stacked, np.array(KINDS), vectors)


def shown(
    recordings: Recordings, images: Sequence[ImageArray], look: Variation, seed: int
) -> list[ImageArray]:
    """Return images of each camera (N, H, W, 3) in a look."""
    seen = []
    for camera, (scenery, array) in enumerate(zip(recordings.sceneries, images, strict=True)):
        painter = Repainter(scenery, look, camera, recordings.settings, seed)
        seen.append(np.stack([painter.show(image) for image in array]))
    return seen


def _with_stranger(
    recordings: Recordings, images: Sequence[ImageArray], generator: np.random.Generator
) -> list[ImageArray] | None:
    pasted = []
    for scenery, array in zip(recordings.sceneries, images, strict=True):
        stranger = clear_stranger(generator, scenery, array)
        if stranger is None:
            return None
        pasted.append(np.stack([stranger.pasted(image, scenery.foreground(image)) for image in array]))
    return pasted
