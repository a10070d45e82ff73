# SPDX-License-Identifier: Apache-2.0
"""The tables of a memory file, and how to open one."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

from ami_ros.errors import MemoryFileError, OutputError, shown
from ami_ros.memory.pictures import MOST_BYTES
from ami_ros.system.foreign_database import ForeignDatabase, open_foreign

APPLICATION_ID = 0x616D6972  # "amir": SQLite's field that identifies the program of a file
VERSION = 1
WAL_PAGES = 1000  # of 4 KB, until writes are moved into the file itself
# All columns are plain, so that no other program's reserved words and none of our limits lose data.
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
# The highest id of a table when something was forgotten: SQLite would reuse it, and an earlier reader of the
# file would take one moment for another. Older files get this table at the first write.
HIGHEST = "CREATE TABLE IF NOT EXISTS highest (what TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID"
MOST_THINGS = 100  # tables, indexes and the like that are checked: more than we create


def open_database(path: Path, read_only: bool) -> ForeignDatabase:
    """Open a memory file; unless `read_only`, create a missing one that only the owner can read.

    Committed data survive any end of the process; after a power cut the newest may be missing.

    Raises:
        MemoryFileError: missing, not a memory file, damaged, or of a newer version.
        OutputError: it cannot be created.
    """
    if read_only and not os.path.isfile(path):
        raise MemoryFileError(f"{path}: no such memory; a planner with `memory` on creates it")
    if not read_only:
        make_private(path)
    meant = Path(os.path.realpath(path))
    journal = meant.with_name(f"{meant.name}-journal")
    if journal.exists():  # SQLite would execute it, even delete other files; a memory never has one
        raise MemoryFileError(
            f"{path}: got {journal.name} next to it, expected none: a planner does not create one"
        )
    with told(path):
        database = open_foreign(path, f"mode={'ro' if read_only else 'rw'}", MOST_BYTES)
        try:
            _prepare(path, database, read_only)
        except BaseException:
            database.close()
            raise
    return database


def make_private(path: Path) -> None:
    """Create an empty file that only the owner can read: pictures show people. An existing file stays as is.

    Raises:
        MemoryFileError: the path is not a file.
        OutputError: it cannot be created.
    """
    meant = Path(os.path.realpath(path))
    try:
        meant.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(meant, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be created ({error.strerror}); expected a writable folder"
        ) from error
    if not os.path.isfile(meant):
        raise MemoryFileError(f"{path}: got something else than a file, expected a memory, or no file yet")


def _prepare(path: Path, database: ForeignDatabase, read_only: bool) -> None:
    if sys.version_info >= (3, 12):
        database.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    database.execute("PRAGMA foreign_keys = ON")
    whose, version = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version")
    )
    there = _schema(database)
    if not there and not read_only:
        database.execute("PRAGMA journal_mode = MEMORY")  # for the first page, which changes the mode
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(
            f"BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )
        whose, version, there = APPLICATION_ID, VERSION, _schema(database)
    if whose != APPLICATION_ID or version > VERSION:
        got = f"version {version}" if whose == APPLICATION_ID else "another program's database"
        raise MemoryFileError(f"{path}: got {got}, expected a memory of version {VERSION} or older")
    _check_schema(path, there)
    if not read_only:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        database.execute(HIGHEST)


def _schema(database: ForeignDatabase) -> dict[tuple[str, str], str]:
    """Return kind and name of each object in a database -> the statement that created it."""
    asked = database.answer("SELECT type, name, sql FROM sqlite_master LIMIT ?", (MOST_THINGS,))
    return {(kind, name): " ".join((sql or "").split()) for rows in asked for kind, name, sql in rows}


@cache
def _our_schema() -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:", factory=ForeignDatabase)) as database:
        database.executescript(f"{TABLES} {HIGHEST}")
        return _schema(database)


def _check_schema(path: Path, there: dict[tuple[str, str], str]) -> None:
    """Make sure that SQLite runs only our queries: anything that a file adds to its tables is code.

    Raises:
        MemoryFileError: an object is extra, missing or different; names it.
    """
    ours = _our_schema()
    for (kind, name), made in there.items():
        if ours.get((kind, name)) != made:
            raise MemoryFileError(
                f"{path}: got {kind} {shown(name)}, made with {shown(made)}, expected only the tables and "
                "indices of a memory: SQLite would run it"
            )
    if missing := [name for kind, name in ours if (kind, name) not in there and name != "highest"]:
        raise MemoryFileError(
            f"{path}: got no {', '.join(missing)}, expected all tables and indices of a memory"
        )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite errors into errors that name the file and the remedy.

    Raises:
        OutputError: the disk is full or not writable.
        MemoryFileError: the file is damaged, another process locks it, a written row refers to a missing
            one, or a number is too large for the file.
    """
    try:
        yield
    except MemoryError as error:
        raise MemoryFileError(
            f"{path}: it is damaged (got a value that does not fit into RAM); expected a memory that a "
            "planner wrote"
        ) from error
    except OverflowError as error:
        raise MemoryFileError(
            f"{path}: got a number that is too large ({error}); expected a moment's number"
        ) from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise OutputError(
                f"{path}: cannot be written ({error}); expected free disk space and write permission"
            ) from error
        if name.startswith("SQLITE_CONSTRAINT"):
            raise MemoryFileError(
                f"{path}: not written ({error}); expected an existing episode or moment: it may have been "
                "forgotten"
            ) from error
        why = "another process locks it" if name.startswith("SQLITE_BUSY") else "it is damaged"
        raise MemoryFileError(f"{path}: {why} ({error}); expected a memory that a planner wrote") from error
