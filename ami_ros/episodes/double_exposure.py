# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: the same scenes in one varied look and in the plain one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ami_ros.episodes.npz import check_images, check_names, split_names
from ami_ros.episodes.numbered_files import NumberedFiles
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

SCENES = 8  # per look: enough to tell what moves from where the camera stands


@dataclass(frozen=True, eq=False)
class DoubleExposure:
    """N scenes, each photographed by every camera in the same varied look and in the plain one.

    Attributes:
        varied: camera -> (N, H, W, 3) uint8 RGB, at the model's image size.
        plain: camera -> (N, H, W, 3) uint8 RGB, of the same scenes.
    """

    varied: Mapping[str, ImageArray]
    plain: Mapping[str, ImageArray]


def _pack(record: DoubleExposure) -> dict[str, NDArray[Any]]:
    return {
        f"{side}.{camera}": images
        for side in ("varied", "plain")
        for camera, images in getattr(record, side).items()
    }


def _unpack(path: Path, content: Mapping[str, NDArray[Any]]) -> DoubleExposure:
    for name, images in content.items():
        check_images(path, name, images)
    varied, plain = split_names(content, "varied"), split_names(content, "plain")
    cameras = {*varied, *plain}
    if not cameras:
        raise EpisodeError(f"{path}: got arrays {sorted(content)}, expected varied and plain images")
    check_names(path, content, {f"{side}.{camera}" for side in ("varied", "plain") for camera in cameras})
    for camera in cameras:
        if varied[camera].shape != plain[camera].shape:
            raise EpisodeError(
                f"{path}: {camera}: got {len(varied[camera])} varied and {len(plain[camera])} plain images, "
                "expected pairs"
            )
    return DoubleExposure(varied, plain)


DOUBLE_EXPOSURE_FILES = NumberedFiles("double_exposures", "double_exposure", 2, _pack, _unpack)
