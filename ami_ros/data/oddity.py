# SPDX-License-Identifier: Apache-2.0
"""Pictures on disk of what lies beyond the training range: one moment, odd in each of several ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.npz import check_images, read_npz, write_npz
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 1


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


def oddity_path(folder: Path, index: int) -> Path:
    """Return where moment `index` lies below a data set's folder."""
    return folder / "oddities" / f"oddity_{index:05d}.npz"


def write_oddity(folder: Path, index: int, record: OddityRecord) -> None:
    """Write one moment below a data set's folder, whole or not at all."""
    write_npz(oddity_path(folder, index), FORMAT_VERSION, vars(record))


def read_oddity(path: Path) -> OddityRecord:
    """Read one moment.

    Raises:
        EpisodeError: missing, truncated, of another format version, or inconsistent.
    """
    content: dict[str, NDArray[Any]] = read_npz(path, FORMAT_VERSION, set(OddityRecord.__dataclass_fields__))
    images, kinds, joints = content["images"], content["kinds"], content["joints"]
    check_images(path, "images", images)
    if kinds.dtype.kind != "U" or kinds.shape != images.shape[:1]:
        got = f"{kinds.dtype} {kinds.shape}"
        raise EpisodeError(f"{path}: kinds: got {got}, expected one name for each of {len(images)} images")
    if joints.dtype != np.float32 or joints.ndim != 1:
        raise EpisodeError(f"{path}: joints: got {joints.dtype} {joints.shape}, expected float32 (2 J,)")
    return OddityRecord(images, kinds, joints)


def list_oddities(folder: Path) -> list[Path]:
    """Return the finished moments of a data set in order; none if it has none."""
    return sorted((Path(folder) / "oddities").glob("oddity_*.npz"))
