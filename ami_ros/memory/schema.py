# SPDX-License-Identifier: Apache-2.0
"""The tables of a memory file, and how to open one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ami_ros.errors import MemoryFileError, OutputError

APPLICATION_ID = 0x616D6972  # "amir": what SQLite keeps to tell whose file it is
VERSION = 1
BUSY_S = 10.0  # another process may be writing; it does so for milliseconds
WAL_PAGES = 1000  # of 4 KB, until what was written is moved into the file itself
# Another program's reserved words and our limits are no reason to lose what is there: all columns are plain.
TABLES = """
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, goal TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE moments (
    id INTEGER PRIMARY KEY, episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE,
    stamp_ns INTEGER NOT NULL, action BLOB, distance REAL, surprise REAL, verdict TEXT NOT NULL);
CREATE INDEX moments_by_episode ON moments (episode);
CREATE TABLE images (
    moment INTEGER NOT NULL REFERENCES moments ON DELETE CASCADE, camera TEXT NOT NULL, png BLOB NOT NULL,
    PRIMARY KEY (moment, camera));
CREATE TABLE vectors (
    moment INTEGER NOT NULL REFERENCES moments ON DELETE CASCADE, sensor TEXT NOT NULL,
    measured BLOB NOT NULL, PRIMARY KEY (moment, sensor)) WITHOUT ROWID;
CREATE TABLE states (
    model TEXT NOT NULL, moment INTEGER NOT NULL REFERENCES moments ON DELETE CASCADE, state BLOB NOT NULL,
    PRIMARY KEY (model, moment)) WITHOUT ROWID;
CREATE INDEX states_by_moment ON states (moment);
CREATE TABLE names (
    name TEXT PRIMARY KEY, moment INTEGER NOT NULL REFERENCES moments ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX names_by_moment ON names (moment);
"""
# The highest id that a table had when something was forgotten: SQLite would give it again, and who read the
# file before that would take one moment for another. Older files get this table when they are written to.
HIGHEST = "CREATE TABLE IF NOT EXISTS highest (what TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID"


def open_database(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open a memory file; make it, unless `read_only`, where there is none.

    What is committed outlives the process, however it ends; after a power cut the newest may be missing.

    Raises:
        MemoryFileError: not there, not one of ours, damaged, or of a newer version.
        OutputError: it cannot be made.
    """
    if read_only and not path.is_file():
        raise MemoryFileError(f"{path}: no such memory; it is made by a planner with `memory` on")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be made ({error.strerror}); expected a folder to write to"
        ) from error
    with told(path):
        mode = "ro" if read_only else "rwc"
        database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(path, database, read_only)
        except BaseException:
            database.close()
            raise
    return database


def _prepare(path: Path, database: sqlite3.Connection, read_only: bool) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA trusted_schema = OFF")  # a file from elsewhere runs no code of its own
    whose, version = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version")
    )
    tables = int(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if not tables and not read_only:
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(
            f"BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )
        whose, version = APPLICATION_ID, VERSION
    if whose != APPLICATION_ID or version > VERSION:
        got = f"version {version}" if whose == APPLICATION_ID else "another program's database"
        raise MemoryFileError(f"{path}: got {got}, expected a memory of version {VERSION} or older")
    if not read_only:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        database.execute(HIGHEST)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite says into an error that names the file and what to do.

    Raises:
        OutputError: the disk is full, or may not be written.
        MemoryFileError: the file is damaged, another process keeps it for itself, what was to be written
            belongs to something that is not there, or a number is larger than any of the file.
    """
    try:
        yield
    except OverflowError as error:
        raise MemoryFileError(
            f"{path}: got a number that is too large ({error}); expected that of a moment"
        ) from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise OutputError(
                f"{path}: cannot be written ({error}); expected space on the disk, and the right to write"
            ) from error
        if name.startswith("SQLITE_CONSTRAINT"):
            raise MemoryFileError(
                f"{path}: not written ({error}); expected an episode, or a moment, that is there: "
                "it may have been forgotten"
            ) from error
        why = "another process keeps it for itself" if name.startswith("SQLITE_BUSY") else "it is damaged"
        raise MemoryFileError(
            f"{path}: {why} ({error}); expected a memory that a planner has written"
        ) from error
