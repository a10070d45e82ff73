# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: the same scenes in one varied look and in the plain one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ami_ros.data.npz import check_images, read_npz, write_npz
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class DoubleExposure:
    """N scenes, each photographed in the same varied look and in the plain one.

    Attributes:
        varied: (N, H, W, 3) uint8 RGB, at the model's image size.
        plain: (N, H, W, 3) uint8 RGB, of the same scenes.
    """

    varied: ImageArray
    plain: ImageArray


def double_exposure_path(folder: Path, index: int) -> Path:
    """Return where double exposure `index` lies below a data set's folder."""
    return folder / "double_exposures" / f"double_exposure_{index:05d}.npz"


def write_double_exposure(folder: Path, index: int, record: DoubleExposure) -> None:
    """Write one double exposure below a data set's folder, whole or not at all."""
    write_npz(double_exposure_path(folder, index), FORMAT_VERSION, vars(record))


def read_double_exposure(path: Path) -> DoubleExposure:
    """Read one double exposure.

    Raises:
        EpisodeError: missing, truncated, of another format version, or inconsistent.
    """
    content = read_npz(path, FORMAT_VERSION, set(DoubleExposure.__dataclass_fields__))
    for name, images in content.items():
        check_images(path, name, images)
    varied, plain = content["varied"], content["plain"]
    if varied.shape != plain.shape:
        raise EpisodeError(f"{path}: got {len(varied)} varied and {len(plain)} plain images, expected pairs")
    return DoubleExposure(varied, plain)


def list_double_exposures(folder: Path) -> list[Path]:
    """Return the finished double exposures of a data set in order; none if it has none."""
    return sorted((Path(folder) / "double_exposures").glob("double_exposure_*.npz"))
