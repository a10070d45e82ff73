# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: the same scenes in one varied look and in the plain one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ami_ros.data.npz import check_images
from ami_ros.data.numbered_files import NumberedFiles
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class DoubleExposure:
    """N scenes, each photographed in the same varied look and in the plain one.

    Attributes:
        varied: (N, H, W, 3) uint8 RGB, at the model's image size.
        plain: (N, H, W, 3) uint8 RGB, of the same scenes.
    """

    varied: ImageArray
    plain: ImageArray


def _check(path: Path, record: DoubleExposure) -> None:
    for name, images in vars(record).items():
        check_images(path, name, images)
    varied, plain = record.varied, record.plain
    if varied.shape != plain.shape:
        raise EpisodeError(f"{path}: got {len(varied)} varied and {len(plain)} plain images, expected pairs")


DOUBLE_EXPOSURE_FILES = NumberedFiles("double_exposures", "double_exposure", 1, DoubleExposure, _check)
