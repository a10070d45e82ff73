# SPDX-License-Identifier: Apache-2.0
"""SQLite files as an attacker makes them: what no statement can write."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

CHILDREN, DEPTH = 200, 12  # more rows than anybody can read
INNER, LEAF, HEAD = 5, 13, struct.Struct(">BHHHBI")  # Source: SQLite file format, 1.6
ENDLESS = (
    "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted) SELECT {} FROM counted"
)


def changed(path: Path, statements: str) -> None:
    """Run statements on a file, also such as change its schema behind SQLite's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.executescript(statements)


def lead_in_circles(path: Path, table: str) -> None:
    """Let the pages of a small table with a row id lead to its rows again and again, level by level."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (leaf,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        database.execute("CREATE TABLE filler (data BLOB)")
        database.execute("INSERT INTO filler VALUES (zeroblob(?))", (size * (DEPTH + 4),))
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute("DROP TABLE filler")
        first = pages - DEPTH
    content = bytearray(path.read_bytes().ljust(pages * size, b"\0"))
    for level in range(DEPTH):
        child = leaf if level == 0 else first + level - 1
        cell = struct.pack(">I", child) + b"\x7f"
        begin = size - len(cell) * CHILDREN
        head = HEAD.pack(INNER, 0, CHILDREN, begin, 0, child)
        pointers = b"".join(struct.pack(">H", begin + len(cell) * at) for at in range(CHILDREN))
        page = (head + pointers).ljust(begin, b"\0") + cell * CHILDREN
        content[(first + level - 1) * size : (first + level) * size] = page
    content[28:32] = struct.pack(">I", pages)
    content[24:28] = content[92:96]
    path.write_bytes(content)
    changed(path, f"UPDATE sqlite_master SET rootpage = {first + DEPTH - 1} WHERE name = '{table}'")


def share_data(path: Path, table: str) -> int:
    """Let the only row of a table, with row id 1, be there as often as its page has room; return how often.

    All of them have the same data, on the same pages.
    """
    changed(path, "VACUUM")
    with closing(sqlite3.connect(path)) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    content = bytearray(path.read_bytes())
    begin = (root - 1) * size
    kind, _, count, _, _, _ = HEAD.unpack_from(content, begin)
    (place,) = struct.unpack_from(">H", content, begin + 8)
    assert kind == LEAF and count == 1
    cell = content[begin + place : begin + size]
    at = next(number for number, byte in enumerate(cell) if byte < 0x80) + 1  # behind the size of the row
    assert cell[at] == 1
    many = (size - 8) // (len(cell) + 2)
    for number in range(many):
        cell[at] = 1 + number
        place = size - (number + 1) * len(cell)
        content[begin + place : begin + place + len(cell)] = cell
        struct.pack_into(">H", content, begin + 8 + 2 * number, place)
    struct.pack_into(">H", content, begin + 3, many)
    struct.pack_into(">H", content, begin + 5, place)
    path.write_bytes(content)
    return many
