# SPDX-License-Identifier: Apache-2.0
"""Parquet files with a row per moment and a column per tag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError, shown
from ami_ros.recordings.lerobot.episode_places import one_line
from ami_ros.recordings.lerobot.parquet_input import ParquetInput
from ami_ros.recordings.tables.csv_table import TIMES
from ami_ros.recordings.tables.heading import Heading
from ami_ros.recordings.tables.moment import in_ns, unit_of
from ami_ros.recordings.tables.table import Table
from ami_ros.types import FloatArray

BATCH = 65_536  # rows


class ParquetTable:
    """Implements `TableInput`.

    Args:
        path: of the file.

    Raises:
        EpisodeError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.problems = path, list[str]()
        try:
            with ParquetInput(path) as file:
                self.headings, self._groups = file.names, file.groups
            metadata = pq.read_metadata(path)
            self._kinds = dict(zip(self.headings, pq.read_schema(path).types, strict=True))
        except Exception as error:  # Arrow raises a dozen kinds on damaged files
            raise EpisodeError(f"{path}: cannot be read as Parquet: {one_line(error)}") from error
        self.rows: int = metadata.num_rows

    def times(self) -> str:
        """Return the heading of the column with times: by its name, or the only one of timestamps."""
        plain = {Heading.of(heading).name.lower(): heading for heading in self.headings}
        named = next((plain[name] for name in TIMES if name in plain), "")
        stamps = [name for name, kind in self._kinds.items() if pa.types.is_timestamp(kind)]
        return named or (stamps[0] if len(stamps) == 1 else "")

    def read(self, time: str, wanted: Sequence[str]) -> Table:
        """Read some columns; see `TableInput`."""
        stamps = self._column(time)
        if stamps is None:
            raise EpisodeError(f"{self._path}: {self.problems[-1]}")
        times, known, notes = self._times(stamps, Heading.of(time).unit)
        if not known.any():
            raise EpisodeError(f"{self._path}: got no row with a time in column {shown(time)}")
        columns: dict[str, tuple[Sequence[int], Sequence[float], int, str]] = {}
        for name in wanted:
            cells = self._column(name)
            if cells is None:
                columns[name] = [], [], self.rows, "got a column of another kind, expected numbers"
                continue
            values = _numbers(cells)
            finite, there = np.isfinite(values), cells.is_valid().to_numpy(zero_copy_only=False)
            bad = int((there & ~finite).sum())
            rows = np.flatnonzero(finite)
            columns[name] = rows.tolist(), values[rows].tolist(), bad, "got NaN or infinity" if bad else ""
        return Table.of_rows(times, known, columns, notes)

    def _times(self, stamps: pa.Array, named: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[str]]:
        """Return times (N,), which rows have one (N,), and how they were read."""
        if pa.types.is_timestamp(stamps.type):
            known = stamps.is_valid().to_numpy(zero_copy_only=False)
            in_order = stamps.cast(pa.timestamp("ns")).cast(pa.int64()).fill_null(0)
            return in_order.to_numpy(zero_copy_only=False), known, []
        numbers = _numbers(stamps)
        known = np.isfinite(numbers)
        try:
            unit = unit_of(numbers[known].tolist(), named)
            times = np.array([in_ns(value, unit) for value in np.where(known, numbers, 0.0)], dtype=np.int64)
        except ValueError as error:
            raise EpisodeError(f"{self._path}: {error}") from error
        return times, known, [f"{self._path}: times are numbers, taken as {unit}"]

    def _column(self, name: str) -> pa.Array | None:
        """Return a column of numbers or times (N,); None where it holds something else, which is noted."""
        try:
            with ParquetInput(self._path) as file:
                parts = [
                    batch.column(0)
                    for group in range(self._groups)
                    for batch in file.batches(group, {name: 1}, BATCH)
                ]
            return pa.concat_arrays(parts) if parts else pa.array([], self._kinds[name])
        except Exception as error:
            self.problems.append(f"{name}: {one_line(error)}")
            return None


def _numbers(cells: pa.Array) -> FloatArray:
    found: FloatArray = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found
