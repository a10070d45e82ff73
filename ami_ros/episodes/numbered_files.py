# SPDX-License-Identifier: Apache-2.0
"""Numbered records of one kind on disk, in a separate folder below a data set's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from ami_ros.episodes.npz import read_npz, write_npz

R = TypeVar("R")


@dataclass(frozen=True)
class NumberedFiles(Generic[R]):
    """Location and format of the records of one kind.

    Attributes:
        folder: name of their folder.
        stem: of the file names.
        version: of the format.
        pack: returns the arrays of a record by name.
        unpack: returns the record of such arrays; raises EpisodeError, naming the file, where they do
            not fit.
    """

    folder: str
    stem: str
    version: int
    pack: Callable[[R], Mapping[str, NDArray[Any]]]
    unpack: Callable[[Path, Mapping[str, NDArray[Any]]], R]

    def path(self, data_set: Path, index: int) -> Path:
        """Return the path of record `index` below a data set's folder."""
        return data_set / self.folder / f"{self.stem}_{index:05d}.npz"

    def write(self, data_set: Path, index: int, record: R) -> None:
        """Write one record, whole or not at all. Raises OutputError: the file cannot be written."""
        write_npz(self.path(data_set, index), self.version, self.pack(record))

    def read(self, path: Path) -> R:
        """Read one record.

        Raises:
            EpisodeError: missing, truncated, of another format version, or inconsistent.
        """
        return self.unpack(path, read_npz(path, self.version))

    def finished(self, data_set: Path) -> list[Path]:
        """Return the records of a data set in order; none if it has none."""
        return sorted((data_set / self.folder).glob(f"{self.stem}_*.npz"))
