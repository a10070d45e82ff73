# SPDX-License-Identifier: Apache-2.0
"""Pictures on disk from beyond the training range: one moment, odd in each of several ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.episodes.npz import check_images, check_names, split_names
from ami_ros.episodes.numbered_files import NumberedFiles
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

BEYOND = 2.0  # odd pictures lie outside the training range by up to this factor
BYSTANDER = "bystander"  # kind of the pictures with an object unseen in training


@dataclass(frozen=True, eq=False)
class OddityRecord:
    """One moment of a training motion in N pictures per camera, each odd in one way.

    Attributes:
        images: camera -> (N, H, W, 3) uint8 RGB, at the model's image size.
        kinds: (N,) names of the oddities.
        vectors: sensor -> (n,) float32, readings of the other sensors at that moment.
    """

    images: Mapping[str, ImageArray]
    kinds: NDArray[np.str_]
    vectors: Mapping[str, NDArray[np.float32]]


def _pack(record: OddityRecord) -> dict[str, NDArray[Any]]:
    return {
        **{f"image.{name}": images for name, images in record.images.items()},
        **{f"vector.{name}": vector for name, vector in record.vectors.items()},
        "kinds": record.kinds,
    }


def _unpack(path: Path, content: Mapping[str, NDArray[Any]]) -> OddityRecord:
    images, vectors = split_names(content, "image"), split_names(content, "vector")
    check_names(path, content, {*(n for n in content if n.startswith(("image.", "vector."))), "kinds"})
    kinds = content["kinds"]
    if kinds.dtype.kind != "U" or kinds.ndim != 1:
        raise EpisodeError(f"{path}: kinds: got {kinds.dtype} {kinds.shape}, expected a list of names")
    if not images:
        raise EpisodeError(f"{path}: got arrays {sorted(content)}, expected images of a camera")
    for name, array in images.items():
        check_images(path, f"image.{name}", array)
        if len(array) != len(kinds):
            raise EpisodeError(
                f"{path}: kinds: got {len(kinds)}, expected one name for each of {len(array)} images"
            )
    for name, array in vectors.items():
        if array.dtype != np.float32 or array.ndim != 1 or not np.isfinite(array).all():
            got = f"{array.dtype} {array.shape}"
            raise EpisodeError(f"{path}: vector.{name}: got {got}, expected finite float32 (n,)")
    return OddityRecord(images, kinds, vectors)


ODDITY_FILES = NumberedFiles("oddities", "oddity", 2, _pack, _unpack)
