# SPDX-License-Identifier: Apache-2.0
"""SQLite files from unknown sources: their content is data, never code.

A file has its own schema, and views, triggers, constraints and computed columns in it are code. Its values
may have a gigabyte, its pages may form loops, and a long SQLite call keeps Python from handling signals.
"""

from __future__ import annotations

import math
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

BUSY_S = 10.0  # another process may be writing; it does so for milliseconds
MOST_S = 3.0  # of processor time, until the next rows of an answer; a million rows take a tenth of it
STEPS = 1000  # of SQLite's virtual machine, about 10 us, between checks of signals and time
AT_ONCE = 32  # rows that are fetched together
FEW_BYTES = 2**20  # an answer may always be as large as this
LEAST_ROW_BYTES = 8  # of a row with a number in it, in its file. Source: SQLite file format, 1.6 and 2.1
MOST_SQL_BYTES = 2**16  # of the definition of a table; also of a query


class _Watch:
    """Ends an SQLite computation when it takes too long or a signal's handler raises."""

    def __init__(self) -> None:
        self._raised: BaseException | None = None
        self._end_s = math.inf
        self._late = False

    def looks(self) -> Iterator[bool]:
        """Yield whether to end it, at each call by SQLite."""
        while True:
            try:
                while True:
                    # Python runs signal handlers when it resumes after SQLite: here, and not at the start of
                    # a function, where nothing would catch their exceptions.
                    yield self._raised is not None or self._late
                    self._late = time.thread_time() > self._end_s
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # SQLite would swallow it
                self._raised = error

    def __enter__(self) -> None:
        self._late, self._end_s = False, time.thread_time() + MOST_S

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_s = math.inf
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised
        if self._late:  # with or without an error: SQLite may continue with half of a schema
            raise sqlite3.DatabaseError(
                f"reading it takes more than {MOST_S:g} s of processor time"
            ) from error
        if isinstance(error, UnicodeDecodeError | UnicodeEncodeError):  # SQLite quotes the damaged text
            raise sqlite3.DatabaseError(f"got invalid text: {error.reason}") from error


class ForeignDatabase(sqlite3.Connection):
    """A connection in which every query ends, and no answer is larger than the file."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watch, self._room = _Watch(), FEW_BYTES
        looks = self._watch.looks()
        next(looks)  # up to where it waits
        self.set_progress_handler(looks.__next__, STEPS)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Execute as any connection does, for some seconds at most."""
        with self._watch:
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        """Execute as any connection does, for some seconds at most."""
        with self._watch:
            return super().executemany(sql, parameters)

    def executescript(self, sql_script: str) -> sqlite3.Cursor:
        """Execute as any connection does, for some seconds at most."""
        with self._watch:
            return super().executescript(sql_script)

    def answer(
        self, question: str, values: Sequence[object] = (), at_once: int = AT_ONCE
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of an answer, `at_once` of them at a time, up to where the file is damaged.

        Raises:
            sqlite3.Error: also for more rows and blobs than the file has room for: its pages form
                a loop.
        """
        cursor, size = self.execute(question, values), 0
        rows: list[tuple[Any, ...]] | None = None
        while rows is None or rows:
            rows, damage = [], None
            try:
                with self._watch:
                    for row in islice(cursor, at_once):
                        rows.append(row)
            except sqlite3.Error as error:
                damage = error
            size += LEAST_ROW_BYTES * len(rows)
            size += sum(len(value) for row in rows for value in row if type(value) is bytes)
            if size > self._room:
                self._room = max(FEW_BYTES, self.bytes)
            if size > self._room:
                raise sqlite3.DatabaseError(
                    f"its tables claim more than the {self.bytes} bytes that the file has"
                )
            if rows:
                yield rows
            if damage is not None:
                raise damage

    @property
    def bytes(self) -> int:
        """Size of all pages."""
        pages, size = (self.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)


def open_foreign(path: Path, options: str, most_bytes: int) -> ForeignDatabase:
    """Open a file; no code in it runs by itself, but its schema must still be checked.

    Args:
        path: of the file; any name.
        options: how, as in mode=ro. Source: SQLite, "Uniform Resource Identifiers".
        most_bytes: of one value; a larger one raises. Python 3.10 cannot set this limit in SQLite, and fails
            only when memory runs out.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    database = sqlite3.connect(
        f"{path.resolve().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        factory=ForeignDatabase,
    )
    try:
        if sys.version_info >= (3, 11):
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most_bytes)
            database.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, min(MOST_SQL_BYTES, most_bytes))
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        database.close()
        raise
    return database
