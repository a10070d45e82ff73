# SPDX-License-Identifier: Apache-2.0
"""Cells of a CSV file, whoever wrote it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ami_ros.errors import EpisodeError
from ami_ros.system.regular_file import open_regular

DELIMITERS = ",;\t|"
MOST_COLUMNS = 10_000
MOST_LETTERS = 2**20  # of a line


class CsvFile:
    """A file with a row of headings, after comments and empty lines.

    Args:
        path: of the file.

    Attributes:
        headings: of its columns.
        comma: whether a comma may be the decimal point: where another letter delimits.
        rows: how many lines follow.
        problems: what could not be read so far, for people.

    Raises:
        EpisodeError: it cannot be read, or has no headings.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._delimiter, self.problems = path, ",", list[str]()
        try:
            self.rows = sum(bool(line.strip()) for line in self._lines()) - 1
            first = next(self._lines(), "")
        except OSError as error:
            raise EpisodeError(f"{path}: cannot be read as CSV: {error}") from error
        self._delimiter = max(DELIMITERS, key=first.count)
        self.comma = self._delimiter in ";\t"
        self.headings = [cell.strip() for cell in next(self._all(), [])]
        if not any(self.headings) or len(self.headings) > MOST_COLUMNS:
            count = len(self.headings)
            raise EpisodeError(f"{path}: got {count} columns, expected a heading with names of columns")

    def cells(self) -> Iterator[list[str]]:
        """Yield the cells of each row after the headings that has any."""
        rows = self._all()
        next(rows, None)
        yield from (row for row in rows if any(row))

    def _all(self) -> Iterator[list[str]]:
        rows = csv.reader(self._lines(), delimiter=self._delimiter)
        try:
            yield from rows
        except csv.Error as error:
            self.problems.append(f"{self._path}: row {rows.line_num} and all after it: {error}")

    def _lines(self) -> Iterator[str]:
        """Yield the lines from the headings on; what is too long for a line comes in parts."""
        with io.TextIOWrapper(open_regular(self._path), "utf-8-sig", "replace", newline="") as text:
            begun = False
            for line in iter(lambda: text.readline(MOST_LETTERS), ""):
                begun = begun or (bool(line.strip()) and not line.startswith("#"))
                if begun:
                    yield line.replace("\0", "")
