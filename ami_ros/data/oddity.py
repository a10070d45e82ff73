# SPDX-License-Identifier: Apache-2.0
"""Pictures on disk of what lies beyond the training range: one moment, odd in each of several ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.npz import check_images
from ami_ros.data.numbered_files import NumberedFiles
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class OddityRecord:
    """One moment of a training motion in N pictures, each beyond the training range in one way.

    Attributes:
        images: (N, H, W, 3) uint8 RGB, at the model's image size.
        kinds: (N,) names of what is odd.
        joints: (2 J,) float32, position and velocity at that moment, rad and rad/s.
    """

    images: ImageArray
    kinds: NDArray[np.str_]
    joints: NDArray[np.float32]


def _check(path: Path, record: OddityRecord) -> None:
    images, kinds, joints = record.images, record.kinds, record.joints
    check_images(path, "images", images)
    if kinds.dtype.kind != "U" or kinds.shape != images.shape[:1]:
        got = f"{kinds.dtype} {kinds.shape}"
        raise EpisodeError(f"{path}: kinds: got {got}, expected one name for each of {len(images)} images")
    if joints.dtype != np.float32 or joints.ndim != 1:
        raise EpisodeError(f"{path}: joints: got {joints.dtype} {joints.shape}, expected float32 (2 J,)")


ODDITY_FILES = NumberedFiles("oddities", "oddity", 1, OddityRecord, _check)
