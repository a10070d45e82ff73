# SPDX-License-Identifier: Apache-2.0
"""CSV files: a row per moment with a column per tag, or a row per reading with its tag."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError, shown
from ami_ros.recordings.problems import few_lines
from ami_ros.recordings.tables.csv_file import CsvFile
from ami_ros.recordings.tables.heading import Heading
from ami_ros.recordings.tables.moment import date_ns, in_ns, unit_of
from ami_ros.recordings.tables.table import Table

TIMES = ("time", "timestamp", "stamp", "datetime", "date_time", "date", "t")
TAGS, VALUES = (
    ("tag", "tagname", "tag_name", "name", "point", "variable", "channel", "item"),
    ("value", "val"),
)
MOST_TAGS = 10_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class CsvTable:
    """Implements `TableInput`.

    Args:
        path: of the file.

    Raises:
        EpisodeError: it cannot be read, or has no heading.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, CsvFile(path)
        self.rows, self.problems, self._own = self._file.rows, self._file.problems, self._file.headings
        self._tag = self._one_of(TAGS)
        self._value = self._one_of(VALUES)
        self.is_long = self._tag >= 0 and self._value >= 0
        self.headings = self._tags() if self.is_long else list(self._own)

    def times(self) -> str:
        """Return the heading of the column with times; empty where none is found."""
        found = self._one_of(TIMES)
        return self._own[found] if found >= 0 else ""

    def read(self, time: str, wanted: Sequence[str]) -> Table:
        """Read some columns; see `TableInput`."""
        at, count, stamps = self._own.index(time), len(self._own), list[str]()
        columns = {name: _Column() for name in wanted}
        place = {name: column for column, name in enumerate(self._own)}
        with few_lines(str(self._path), self.problems.append) as tell:
            for number, cells in enumerate(self._file.cells(), start=2):
                if len(cells) != count:
                    tell(f"row {number}: got {len(cells)} cells, expected {count}")
                elif not self.is_long:
                    for name, column in columns.items():
                        column.take(len(stamps), cells[place[name]], self._file.comma)
                    stamps.append(cells[at])
                elif (tag := cells[self._tag].strip()) in columns:
                    columns[tag].take(len(stamps), cells[self._value], self._file.comma)
                    stamps.append(cells[at])
            times, known, notes = self._times(stamps, Heading.of(time).unit, tell)
        if not known.any():
            raise EpisodeError(f"{self._path}: got no row with a time in column {shown(time)}")
        found = {name: (it.rows, it.values, it.bad, it.reason) for name, it in columns.items()}
        return Table.of_rows(times, known, found, notes)

    def _one_of(self, names: tuple[str, ...]) -> int:
        plain = [Heading.of(heading).name.lower() for heading in self._own]
        return next((plain.index(name) for name in names if name in plain), -1)

    def _tags(self) -> list[str]:
        found = dict.fromkeys(
            cells[self._tag].strip() for cells in self._file.cells() if len(cells) == len(self._own)
        )
        tags = list(found)
        if len(tags) > MOST_TAGS:
            raise EpisodeError(f"{self._path}: got {len(tags)} tags, expected at most {MOST_TAGS}")
        return tags

    def _times(
        self, stamps: Sequence[str], named: str, tell: Callable[[str], object]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[str]]:
        """Return times (N,), which rows have one (N,), and how they were read."""
        numbers = [number_of(text, self._file.comma) for text in stamps]
        there = [number for number in numbers if number is not None]
        unit, notes = "", list[str]()
        if 2 * len(there) > len(stamps):
            try:
                unit = unit_of(there, named)
            except ValueError as error:
                raise EpisodeError(f"{self._path}: {error}") from error
            notes.append(f"{self._path}: times are numbers, taken as {unit}")
        times, known = np.zeros(len(stamps), dtype=np.int64), np.zeros(len(stamps), dtype=bool)
        for row, (text, number) in enumerate(zip(stamps, numbers, strict=True)):
            try:
                times[row] = in_ns(math.nan if number is None else number, unit) if unit else date_ns(text)
                known[row] = True
            except (ValueError, OverflowError):
                expected = f"a number of {unit}" if unit else "a date as in 2026-12-02T08:30:00"
                tell(f"got {shown(text)} for a time, expected {expected}")
        return times, known, notes


@dataclass(eq=False)
class _Column:
    """The numbers of a column so far, and in which rows they stand."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    bad: int = 0
    reason: str = ""

    def take(self, row: int, text: str, comma: bool) -> None:
        """Take a cell; an empty one says that nothing was measured then."""
        number = number_of(text, comma)
        if number is not None:
            self.rows.append(row)
            self.values.append(number)
        elif text.strip():
            self.bad += 1
            self.reason = self.reason or f"got {shown(text)}, expected a number"


def number_of(text: str, comma: bool) -> float | None:
    """Return the number of a cell, perhaps with a decimal comma; None where it holds something else."""
    text = text.strip()
    if comma and "." not in text:
        text = text.replace(",", ".")
    found = float(text) if _NUMBER.fullmatch(text) else math.inf
    return found if math.isfinite(found) else None
