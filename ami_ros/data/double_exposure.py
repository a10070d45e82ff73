# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: the same scenes in one varied look and in the plain one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ami_ros.data.npz import check_images, check_names, read_npz, split_names, write_npz
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 2


@dataclass(frozen=True, eq=False)
class DoubleExposure:
    """N scenes, each photographed by every camera in the same varied look and in the plain one.

    Attributes:
        varied: camera -> (N, H, W, 3) uint8 RGB, at the model's image size.
        plain: camera -> (N, H, W, 3) uint8 RGB, of the same scenes.
    """

    varied: Mapping[str, ImageArray]
    plain: Mapping[str, ImageArray]


def double_exposure_path(folder: Path, index: int) -> Path:
    """Return where double exposure `index` lies below a data set's folder."""
    return folder / "double_exposures" / f"double_exposure_{index:05d}.npz"


def write_double_exposure(folder: Path, index: int, record: DoubleExposure) -> None:
    """Write one double exposure below a data set's folder, whole or not at all."""
    arrays = {
        f"{side}.{camera}": images
        for side in ("varied", "plain")
        for camera, images in getattr(record, side).items()
    }
    write_npz(double_exposure_path(folder, index), FORMAT_VERSION, arrays)


def read_double_exposure(path: Path) -> DoubleExposure:
    """Read one double exposure.

    Raises:
        EpisodeError: missing, truncated, of another format version, or inconsistent.
    """
    content = read_npz(path, FORMAT_VERSION)
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


def list_double_exposures(folder: Path) -> list[Path]:
    """Return the finished double exposures of a data set in order; none if it has none."""
    return sorted((Path(folder) / "double_exposures").glob("double_exposure_*.npz"))
