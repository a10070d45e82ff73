# SPDX-License-Identifier: Apache-2.0
"""Read rosbag2's SQLite files as data only: everything committed, even if the recorder died.

Source: rosbag2_storage_sqlite3, sqlite_storage.cpp.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from ami_ros.recordings.bags.bag_message import MOST_MESSAGE_BYTES, BagMessage
from ami_ros.recordings.bags.sqlite_journal import end_of
from ami_ros.system.foreign_database import ForeignDatabase, open_foreign

LISTED_AT_ONCE = 1000
LONGEST_NAME = 1000  # bytes, of a topic's name and its type
_COLUMNS = {"topics": {"id", "name", "type"}, "messages": {"topic_id", "timestamp", "data"}}
# Why a message is left out.
HOMELESS, TIMELESS = "of topics that are unknown or unnamed", "without a timestamp"
EMPTY, LARGE, DAMAGED = "without data", f"larger than {MOST_MESSAGE_BYTES} bytes", "damaged"


def read_sqlite(path: Path, tell: Callable[[str], object]) -> Iterator[BagMessage]:
    """Yield the messages of a file in the order of time; the file and its folder stay unchanged.

    Args:
        path: of the file.
        tell: receives what cannot be read.
    """

    def say(text: object) -> None:
        tell(f"{path.name}: {text}")

    left: Counter[str] = Counter()
    try:
        with closing(_opened(path.resolve(), say)) as database:
            database.execute("PRAGMA writable_schema = ON")  # else a cut-off file yields nothing
            _check_tables(database)
            yield from _messages(database, say, left)
    except (sqlite3.Error, OSError, MemoryError) as error:
        say(f"reading stopped: {str(error) or 'it does not fit into memory'}")
    if left:
        say(f"left out {', '.join(f'{count} messages {why}' for why, count in left.items())}")


def _opened(path: Path, say: Callable[[str], object]) -> ForeignDatabase:
    log, index, journal = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal"))
    if log.exists():
        end = end_of(log)
        if end.lost:
            say(end.lost)
        if index.exists():  # its recorder may be at work: this mode respects its locks and creates no file
            return open_foreign(path, "mode=ro", MOST_MESSAGE_BYTES)
        if end.committed:  # no recorder is at work; alone, we need no index
            database = open_foreign(path, "mode=ro&vfs=unix-none", MOST_MESSAGE_BYTES)
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            return database
    if journal.exists() and journal.stat().st_size:
        say("its recorder was killed while writing; the last messages may be damaged")
    return open_foreign(path, "immutable=1", MOST_MESSAGE_BYTES)


def _check_tables(database: ForeignDatabase) -> None:
    """Raise sqlite3.DatabaseError where the data would be computed: by a view, a module, a column."""
    for table, needed in _COLUMNS.items():
        question = "SELECT lower(name) FROM pragma_table_xinfo(?) WHERE hidden = 0"
        columns = {name for rows in database.answer(question, (table,)) for (name,) in rows}
        question = "SELECT type || ' ' || sql FROM sqlite_master WHERE name = ?"
        made = [text for rows in database.answer(question, (table,)) for (text,) in rows]
        is_plain = len(made) == 1 and str(made[0]).startswith("table CREATE TABLE ")
        if not is_plain or not needed <= columns or "rowid" in columns:
            raise sqlite3.DatabaseError(
                f"expected a table {table!r} with columns {', '.join(sorted(needed))}, as rosbag2 creates it"
            )


def _topics(database: ForeignDatabase) -> dict[int, tuple[str, str]]:
    """Return number -> name and type of the topics that have both."""
    database.text_factory = _text
    name, kind = (
        f"CASE WHEN typeof({what}) = 'text' AND length(CAST({what} AS BLOB)) <= {LONGEST_NAME} "
        f"THEN {what} END"
        for what in ("name", "type")
    )
    found = [row for rows in database.answer(f"SELECT id, {name}, {kind} FROM topics") for row in rows]
    return {number: (name, kind) for number, name, kind in found if name and kind}


def _text(encoded: bytes) -> str | None:
    try:
        text = encoded.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _messages(
    database: ForeignDatabase, say: Callable[[object], object], left: Counter[str]
) -> Iterator[BagMessage]:
    """Yield the messages, sorted by a few numbers of each; SQLite would sort by all their content."""
    topics = _topics(database)
    places, topic_ids, times_ns = array("q"), array("q"), array("q")
    try:
        for place, topic_id, time_ns, size in _listed(database):
            if topic_id is None or topic_id not in topics:
                left[HOMELESS] += 1
            elif time_ns is None:
                left[TIMELESS] += 1
            elif size is None:
                left[EMPTY] += 1
            elif size > MOST_MESSAGE_BYTES:
                left[LARGE] += 1
            else:
                places.append(place)
                topic_ids.append(topic_id)
                times_ns.append(time_ns)
    except sqlite3.Error as error:
        say(f"reading stopped: {error}")
    for number in np.argsort(np.frombuffer(times_ns, np.int64), kind="stable"):
        data = _data(database, places[number])
        if data is None:
            left[DAMAGED] += 1
        else:
            yield BagMessage(*topics[topic_ids[number]], times_ns[number], data)


def _listed(database: ForeignDatabase) -> Iterator[tuple[int, int | None, int | None, int | None]]:
    """Yield place, topic, time and size of each message, as recorded; None for a value of another type.

    Raises:
        sqlite3.Error: the file cannot be read any further.
    """
    topic_id, time_ns = (
        f"CASE typeof({column}) WHEN 'integer' THEN {column} END" for column in ("topic_id", "timestamp")
    )
    question = (
        f"SELECT rowid, {topic_id}, {time_ns}, CASE typeof(data) WHEN 'blob' THEN length(data) END "
        "FROM messages NOT INDEXED ORDER BY rowid"
    )
    before, claimed, room = -(2**63) - 1, 0, database.bytes
    for rows in database.answer(question, at_once=LISTED_AT_ONCE):
        for row in rows:
            if claimed > room:
                room = database.bytes  # its recorder may be at work
            if row[0] <= before or claimed > room:  # its pages form a loop
                raise sqlite3.DatabaseError(
                    "its messages are out of order, or more than the file has room for"
                )
            before, claimed = row[0], claimed + (row[3] or 0)
            yield row


def _data(database: ForeignDatabase, place: int) -> bytes | None:
    """Return the data of a message; None where it is damaged, or does not fit into memory."""
    try:
        row = database.execute("SELECT data FROM messages WHERE rowid = ?", (place,)).fetchone()
    except (sqlite3.DatabaseError, MemoryError):
        return None
    return row[0] if row is not None and type(row[0]) is bytes else None
