# SPDX-License-Identifier: Apache-2.0
"""Tables in numbered Parquet files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ami_ros.recordings.lerobot.layout import DATA_MB, FilePlace


class ParquetFiles:
    """Takes tables with the same columns, and begins a new file when one is full.

    Args:
        folder: of the data set.
        pattern: of the files' paths, see `FilePlace.path`.
    """

    def __init__(self, folder: Path, pattern: str) -> None:
        self._folder, self._pattern = folder, pattern
        self._place: FilePlace | None = None
        self._writer: pq.ParquetWriter | None = None
        self._size = 0

    def write(self, table: pa.Table) -> FilePlace:
        """Write a table as a separate row group; return the place of its file."""
        if self._writer is None or self._size + table.nbytes > DATA_MB * 2**20:
            self.close()
            self._place = FilePlace() if self._place is None else self._place.next
            path = self._folder / self._place.path(self._pattern)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer, self._size = pq.ParquetWriter(path, table.schema), 0
        self._writer.write_table(table, row_group_size=max(len(table), 1))
        self._size += table.nbytes
        return self._place or FilePlace()

    @property
    def next_place(self) -> FilePlace:
        """Where the next table goes, if it does not begin a new file."""
        return self._place or FilePlace()

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
