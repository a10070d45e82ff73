# SPDX-License-Identifier: Apache-2.0
"""One recorded episode on disk: a single .npz that appears whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.npz import read_npz, write_npz
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 2


@dataclass(frozen=True, eq=False)
class EpisodeRecord:
    """S control steps and the S + 1 observations around them.

    Attributes:
        images: (S + 1, H, W, 3) uint8 RGB, already at the model's image size.
        joint_position: (S + 1, J) float32, rad or m.
        joint_velocity: (S + 1, J) float32, rad/s or m/s.
        actions: (S, A) float32, m/s.
        tip: (S + 1, 3) float32, m. Truth for probes only; training never reads it.
        objects: (S + 1, M, 3) float32, m. Where the task's M objects are, 0 or more; truth, as `tip`.
        look: () int64. Episodes that look alike (colours, light, camera) share a number; 0 is the plain look.
    """

    images: ImageArray
    joint_position: NDArray[np.float32]
    joint_velocity: NDArray[np.float32]
    actions: NDArray[np.float32]
    tip: NDArray[np.float32]
    objects: NDArray[np.float32]
    look: NDArray[np.int64]


PLAIN_LOOK = 0
# Dimensions of each array, for the check on reading.
DIMENSIONS = {
    "images": 4,
    "joint_position": 2,
    "joint_velocity": 2,
    "actions": 2,
    "tip": 2,
    "objects": 3,
    "look": 0,
}
DTYPES = {"images": np.uint8, "look": np.int64}  # of the others: float32


def write_episode(path: Path, record: EpisodeRecord) -> None:
    """Write one episode, whole or not at all."""
    write_npz(path, FORMAT_VERSION, vars(record))


def read_episode(path: Path) -> EpisodeRecord:
    """Read one episode.

    Raises:
        EpisodeError: missing, truncated, of another format version, or with inconsistent lengths.
    """
    return checked_episode(path, read_npz(path, FORMAT_VERSION, set(EpisodeRecord.__dataclass_fields__)))


def checked_episode(path: Path, content: dict[str, NDArray[Any]]) -> EpisodeRecord:
    """Return the episode made of these arrays. Raises EpisodeError: wrong types, shapes or lengths."""
    for name, array in content.items():
        dtype, dimensions = DTYPES.get(name, np.float32), DIMENSIONS[name]
        if array.dtype != dtype or array.ndim != dimensions:
            got, expected = f"{array.dtype} {array.shape}", f"{dtype.__name__} with {dimensions} dimensions"
            raise EpisodeError(f"{path}: {name}: got {got}, expected {expected}")
    last = {"images": 3, "tip": 3, "objects": 3, "joint_velocity": content["joint_position"].shape[1]}
    for name, size in last.items():
        if content[name].shape[-1] != size:
            raise EpisodeError(f"{path}: {name}: got shape {content[name].shape}, expected (..., {size})")
    if 0 in (*content["actions"].shape, *content["images"].shape, *content["joint_position"].shape):
        raise EpisodeError(f"{path}: got no steps, pixels, joints or actions, expected some of each")
    for name in ("joint_position", "joint_velocity", "actions"):
        if not np.isfinite(content[name]).all():
            raise EpisodeError(
                f"{path}: {name}: got NaN or infinity, expected finite numbers; record it again"
            )
    record = EpisodeRecord(**content)
    steps = len(record.actions)
    for name in set(content) - {"actions", "look"}:
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
