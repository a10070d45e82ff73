# SPDX-License-Identifier: Apache-2.0
"""A table that was read: numbers over time, and what was wrong with its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray

TABLES = (".csv", ".tsv", ".parquet")  # how their names end


def is_table(path: Path) -> bool:
    """Return whether a file is a table, by its name."""
    return path.suffix.lower() in TABLES


def is_parquet(path: Path) -> bool:
    """Return whether a file is a Parquet table, by its name."""
    return path.suffix.lower() == ".parquet"


@dataclass(eq=False)
class Series:
    """The numbers of one column, where it has any.

    Attributes:
        times: (N,) int64 ns, in order.
        values: (N,), finite.
        bad: cells that hold something else than a number.
        reason: what the first of these holds.
    """

    times: NDArray[np.int64]
    values: FloatArray
    bad: int = 0
    reason: str = ""

    def at(self, times: NDArray[np.int64]) -> FloatArray:
        """Return the last values (M,) until some times; NaN before the first."""
        if not len(self.values):
            return np.full(len(times), np.nan)
        before = np.searchsorted(self.times, times, side="right") - 1
        last: FloatArray = np.where(before >= 0, self.values[before], np.nan)
        return last


@dataclass(eq=False)
class Table:
    """What was read of a table.

    Attributes:
        times: (N,) int64 ns of all rows, in order.
        columns: heading -> its numbers.
        notes: what was assumed or put right, for people.
    """

    times: NDArray[np.int64]
    columns: Mapping[str, Series]
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of_rows(
        cls,
        times: NDArray[np.int64],
        known: NDArray[np.bool_],
        columns: Mapping[str, tuple[Sequence[int], Sequence[float], int, str]],
        notes: list[str],
    ) -> Table:
        """Return the table of rows in any order; more than one of a moment count with the first.

        Args:
            times: (N,) int64 ns of the rows.
            known: (N,) which rows have a time.
            columns: heading -> rows with a number, the numbers, and `Series.bad` and `Series.reason`.
            notes: so far.
        """
        late = int((np.diff(times[known]) < 0).sum())
        if late:
            notes = [*notes, f"{late} rows are older than the one before: all were sorted by time"]
        series = {}
        for name, (rows, values, bad, reason) in columns.items():
            at, numbers = np.asarray(rows, dtype=np.int64), np.asarray(values, dtype=np.float64)
            at, numbers = at[known[at]], numbers[known[at]]
            order = np.argsort(times[at], kind="stable")
            series[name] = Series(times[at][order], numbers[order], bad, reason)
        return cls(np.sort(times[known], kind="stable"), series, notes)


class TableInput(Protocol):
    """A file with a table.

    Attributes:
        headings: of its columns.
        rows: how many rows it has.
        problems: what could not be read so far, for people.
    """

    headings: list[str]
    rows: int
    problems: list[str]

    def times(self) -> str:
        """Return the heading of the column with times; empty where none is found."""

    def read(self, time: str, wanted: Sequence[str]) -> Table:
        """Read some columns.

        Args:
            time: heading of the times.
            wanted: the other headings.

        Raises:
            EpisodeError: there is no row with a time.
        """
