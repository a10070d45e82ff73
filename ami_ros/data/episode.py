# SPDX-License-Identifier: Apache-2.0
"""One recorded episode on disk: a single .npz that appears whole or not at all."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class EpisodeRecord:
    """S control steps and the S + 1 observations around them.

    Attributes:
        images: (S + 1, H, W, 3) uint8 RGB, already at the model's image size.
        joint_position: (S + 1, J) float32, rad or m.
        joint_velocity: (S + 1, J) float32, rad/s or m/s.
        actions: (S, A) float32, m/s.
        tip: (S + 1, 3) float32, m. Truth for probes only; training never reads it.
    """

    images: ImageArray
    joint_position: NDArray[np.float32]
    joint_velocity: NDArray[np.float32]
    actions: NDArray[np.float32]
    tip: NDArray[np.float32]


def write_episode(path: Path, record: EpisodeRecord) -> None:
    """Write atomically: a killed process leaves the old file or none, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, format_version=np.int64(FORMAT_VERSION), **vars(record))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_episode(path: Path) -> EpisodeRecord:
    """Read one episode.

    Raises:
        EpisodeError: missing, truncated, of another format version, or with inconsistent lengths.
    """
    try:
        # ZipFile first: np.load would take any .npy or pickle for an episode.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            content = {name: np.asarray(file[name]) for name in file.files}
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged files
        raise EpisodeError(
            f"{path}: not a readable episode ({error}); delete it or record it again"
        ) from error
    names = EpisodeRecord.__dataclass_fields__
    if set(content) != {*names, "format_version"}:
        raise EpisodeError(
            f"{path}: got arrays {sorted(content)}, expected {sorted([*names, 'format_version'])}"
        )
    version = content.pop("format_version")
    if version.shape != () or version != FORMAT_VERSION:
        raise EpisodeError(f"{path}: written by format version {version}, expected {FORMAT_VERSION}")
    for name, array in content.items():
        dtype, dimensions = (np.uint8, 4) if name == "images" else (np.float32, 2)
        if array.dtype != dtype or array.ndim != dimensions:
            got, expected = f"{array.dtype} {array.shape}", f"{dtype.__name__} with {dimensions} dimensions"
            raise EpisodeError(f"{path}: {name}: got {got}, expected {expected}")
    record = EpisodeRecord(**content)
    steps = len(record.actions)
    for name in set(names) - {"actions"}:
        if len(content[name]) != steps + 1:
            raise EpisodeError(f"{path}: {name} has {len(content[name])} entries, expected {steps + 1}")
    return record


def list_episodes(folder: Path) -> list[Path]:
    """Return the finished episodes of a data set in order.

    Raises:
        EpisodeError: the folder does not exist or holds none.
    """
    paths = sorted(Path(folder).glob("episode_*.npz"))
    if not paths:
        raise EpisodeError(f"{folder}: no episodes (episode_*.npz); run `ami-ros collect` first")
    return paths
