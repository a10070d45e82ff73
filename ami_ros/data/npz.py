# SPDX-License-Identifier: Apache-2.0
"""Named arrays in one file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError
from ami_ros.system.whole_file import write_whole


def write_npz(path: Path, version: int, arrays: Mapping[str, Any]) -> None:
    """Write the arrays, whole or not at all. Raises OutputError: the file cannot be written."""
    content = io.BytesIO()
    np.savez_compressed(content, format_version=np.int64(version), **arrays)
    write_whole(path, content.getvalue())


def check_images(path: Path, name: str, images: NDArray[Any], count: int | None = None) -> None:
    """Raise EpisodeError if the array `name` of a file is not (N, H, W, 3) uint8, of `count` with pixels."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        got = f"{images.dtype} {images.shape}"
        raise EpisodeError(f"{path}: {name}: got {got}, expected uint8 (N, H, W, 3)")
    if 0 in images.shape[1:]:
        raise EpisodeError(f"{path}: {name}: got shape {images.shape}, expected images with pixels")
    if count is not None and len(images) != count:
        raise EpisodeError(f"{path}: {name}: got {len(images)} images, expected {count}")


def check_names(path: Path, content: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise EpisodeError if a file has other arrays than `names`."""
    if set(content) != set(names):
        raise EpisodeError(f"{path}: got arrays {sorted(content)}, expected {sorted(names)}")


def split_names(content: Mapping[str, NDArray[Any]], kind: str) -> dict[str, NDArray[Any]]:
    """Return the arrays called `kind`.name by name, in the order of the file."""
    start = f"{kind}."
    return {name[len(start) :]: array for name, array in content.items() if name.startswith(start)}


def read_npz(path: Path, version: int) -> dict[str, NDArray[Any]]:
    """Read all arrays by name.

    Raises:
        EpisodeError: missing, truncated, or of another format version.
    """
    try:
        # ZipFile first: np.load would take any .npy or pickle for an episode.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            content = {name: np.asarray(file[name]) for name in file.files}
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged files
        raise EpisodeError(
            f"{path}: not a readable episode ({error}); delete it or record it again"
        ) from error
    found = content.pop("format_version", np.asarray("none"))
    if found.shape != () or found != version:
        raise EpisodeError(
            f"{path}: written by format version {found}, expected {version}; "
            "record it again with `ami-ros collect`, into another folder"
        )
    return content
