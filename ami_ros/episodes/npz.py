# SPDX-License-Identifier: Apache-2.0
"""Named arrays in one file."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError
from ami_ros.system.regular_file import open_regular
from ami_ros.system.whole_file import write_whole

# Of all arrays of a file, as in an episode of 1000 steps with three cameras of 224 px.
MOST_BYTES = 2**29
MOST_LISTED_BYTES = 2**20  # of the list of arrays in a file
MOST_LENGTH = 2**20  # of an array along one axis: an empty one may claim any length
KINDS = "biufU"  # of numbers and text
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a limit
# Source: APPNOTE.TXT 6.3.10 of ZIP, sections 4.3.15 and 4.3.16, without a comment; numpy's `savez`.
_LOCATOR, _END = struct.Struct("<4sLQL"), struct.Struct("<4s4H2LH")
_LOCATOR_64, _END_OF_LIST = b"PK\x06\x07", b"PK\x05\x06"


def write_npz(path: Path, version: int, arrays: Mapping[str, Any]) -> None:
    """Write the arrays, whole or not at all, for their owner alone: they contain pictures.

    Raises:
        OutputError: the file cannot be written.
    """
    content = io.BytesIO()
    np.savez_compressed(content, format_version=np.int64(version), **arrays)
    write_whole(path, content.getvalue(), private=True)


def check_images(path: Path, name: str, images: NDArray[Any], count: int | None = None) -> None:
    """Raise EpisodeError if the array `name` is not (N, H, W, 3) uint8, of `count` non-empty pictures."""
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
        EpisodeError: missing, truncated, larger than any episode, or of another format version.
    """
    try:
        with open_regular(path) as file:
            _check_list(file)
            with zipfile.ZipFile(file) as archive:
                content = _arrays(archive)
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged files
        why = getattr(error, "strerror", None) or error
        raise EpisodeError(f"{path}: not a readable episode ({why}); delete it or record it again") from error
    found = content.pop("format_version", np.asarray("none"))
    if found.shape != () or found != version:
        raise EpisodeError(
            f"{path}: written by format version {found}, expected {version}; "
            "record it again with `ami-ros collect`, into another folder"
        )
    return content


def _check_list(file: BinaryIO) -> None:
    """Check the length of the list of arrays before zipfile reads it. Raises ValueError: too long."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - _LOCATOR.size - _END.size, 0))
    tail = file.read()
    if len(tail) < _END.size or not tail[-_END.size :].startswith(_END_OF_LIST):
        raise ValueError("it lacks the end of a zip file")
    listed = _END.unpack(tail[-_END.size :])[5]
    if listed > MOST_LISTED_BYTES or tail.startswith(_LOCATOR_64):
        raise ValueError(f"got a longer list of arrays, expected at most {MOST_LISTED_BYTES} bytes")
    file.seek(0)


def _arrays(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name. Raises ValueError: too large, duplicate names, or no arrays."""
    members = archive.infolist()
    if (total := sum(member.file_size for member in members)) > MOST_BYTES:
        raise ValueError(f"got arrays of {total} bytes, expected at most {MOST_BYTES}")
    content: dict[str, NDArray[Any]] = {}
    for member in members:
        name = member.filename.removesuffix(".npy")
        if name in content or member.compress_type not in _PACKED:
            raise ValueError(
                f"{name}: got it twice, or packed in another way, expected an archive that numpy wrote"
            )
        with archive.open(member) as file:
            _check_header(name, file, member.file_size)
            file.seek(0)
            content[name] = np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    return content


def _check_header(name: str, file: Any, size: int) -> None:
    """Check what an array of `size` bytes claims to hold. Raises ValueError: it does not match."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"{name}: got an array of version {version}, expected one of {list(readers)}")
    shape, _, dtype = readers[version](file)
    claimed, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    lengths = all(0 <= length <= MOST_LENGTH for length in shape)
    if dtype.kind not in KINDS or not lengths or claimed != there:
        raise ValueError(
            f"{name}: got {dtype} {shape} in {there} bytes, expected numbers or text of that size"
        )
