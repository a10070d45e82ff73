# SPDX-License-Identifier: Apache-2.0
"""A memory from elsewhere is data: nothing in it is run, or it is refused by name; and it is its owner's."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
import time
from contextlib import closing

import pytest
from hostile_database import ENDLESS, changed, lead_in_circles
from memories import MODEL, moment

from ami_ros.errors import MemoryFileError, OutputError
from ami_ros.memory.files import as_files
from ami_ros.memory.moment import Episode
from ami_ros.memory.reader import MemoryReader, copy_of
from ami_ros.memory.store import Store

NEVER = 10.0  # s; all here takes less, next to other tests, too


def refused(path, kind=MemoryReader) -> str:
    begin_s = time.monotonic()
    with pytest.raises(MemoryFileError) as error:
        kind(path)
    assert time.monotonic() - begin_s < NEVER
    return str(error.value)


NAMES = ENDLESS.format("'n' || n AS name, 1 AS moment")
CODE = {
    "an endless view": (f"DROP TABLE names; CREATE VIEW names AS {NAMES}", "view 'names'"),
    "a view of one's own": (f"CREATE VIEW more AS {NAMES}", "view 'more'"),
    "a trigger": (
        "CREATE TRIGGER gone AFTER INSERT ON names BEGIN DELETE FROM names; END",
        "trigger 'gone'",
    ),
    "a module": ("CREATE VIRTUAL TABLE words USING fts5(word)", "table 'words'"),
    "a module in place of a table": (
        "DROP TABLE names; CREATE VIRTUAL TABLE names USING fts5(name, moment)",
        "table 'names'",
    ),
    "a computed column": (
        "ALTER TABLE moments ADD COLUMN more AS (zeroblob(1000000000))",
        "table 'moments'",
    ),
    "a constraint": (
        "UPDATE sqlite_master SET sql = replace(sql, 'outcome TEXT NOT NULL', "
        "'outcome TEXT NOT NULL CHECK (length(hex(zeroblob(1000000))))') WHERE name = 'episodes'",
        "table 'episodes'",
    ),
    "a value that is computed": (
        "UPDATE sqlite_master SET sql = replace(sql, 'verdict TEXT NOT NULL', "
        "'verdict TEXT NOT NULL DEFAULT (hex(zeroblob(1000000)))') WHERE name = 'moments'",
        "table 'moments'",
    ),
    "a partial index": ("CREATE INDEX some ON names (moment) WHERE moment > 3", "index 'some'"),
    "an index of an expression": (
        "DROP INDEX names_by_moment; CREATE INDEX names_by_moment ON names (abs(moment))",
        "index 'names_by_moment'",
    ),
    "a table of one's own": ("CREATE TABLE more (data)", "table 'more'"),
    "statistics": ("ANALYZE", "table 'sqlite_stat1'"),
    "many things": ("".join(f"CREATE TABLE t{at} (a);" for at in range(110)), "table 't0'"),
    "a table less": ("DROP TABLE vectors", "got no vectors"),
    "an index less": ("DROP INDEX states_by_moment", "got no states_by_moment"),
}


@pytest.mark.parametrize(("spoil", "named"), CODE.values(), ids=CODE)
def test_whatever_a_file_adds_is_refused_by_its_name(path, spoil, named):
    changed(path, spoil)
    for kind in (MemoryReader, Store):
        assert named in refused(path, kind)


def test_only_how_it_is_written_may_differ(path):
    changed(path, "UPDATE sqlite_master SET sql = replace(sql, ', ', ' ,\n\t ') WHERE name = 'unused'")
    changed(path, "UPDATE sqlite_master SET sql = replace(sql, ', ', ',\n\t ') WHERE name = 'moments'")
    with MemoryReader(path) as memory:
        assert memory.ids() == [1, 2, 3]


def test_a_file_of_before_opens_and_one_with_a_view_for_the_new_table_does_not(path):
    changed(path, "DROP TABLE highest")
    with MemoryReader(path) as memory:
        assert memory.ids() == [1, 2, 3]
    changed(path, "CREATE VIEW highest AS SELECT 'moments' AS what, 9 AS id")
    assert "view 'highest'" in refused(path, Store)


def test_a_schema_that_is_no_text_is_told(path):
    changed(path, "PRAGMA journal_mode = DELETE")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREATE\xffTABLE"))
    for kind in (MemoryReader, Store):
        assert "it is damaged" in refused(path, kind)


@pytest.mark.parametrize("table", ["moments", "episodes"])
def test_pages_that_lead_to_one_another_come_to_an_end(path, table):
    lead_in_circles(path, table)
    begin_s = time.monotonic()
    with pytest.raises(MemoryFileError, match="it is damaged"), MemoryReader(path) as memory:
        memory.names()
        memory.moments(memory.ids(), sensed=False)
        memory.episodes()
        memory.moments([1, 2, 3])
    assert time.monotonic() - begin_s < NEVER


def test_counting_pages_that_lead_to_one_another_comes_to_an_end(path, monkeypatch):
    monkeypatch.setattr("ami_ros.system.foreign_database.MOST_S", 0.3)
    lead_in_circles(path, "moments")
    with (
        MemoryReader(path) as memory,
        pytest.raises(MemoryFileError, match=r"more than 0\.3 s of processor time"),
    ):
        memory.figures()


def test_a_journal_of_somebody_else_deletes_no_file(path, tmp_path):
    """SQLite deletes the file that a journal names as the one above it."""
    changed(path, "PRAGMA journal_mode = DELETE")
    victim = tmp_path / "thesis.txt"
    victim.write_text("years of work")
    name = bytes(victim)
    magic = bytes.fromhex("d9d505f920a163d7")  # Source: SQLite file format, section 3
    head = magic + struct.pack(">IIIII", 0, 1, path.stat().st_size // 4096, 512, 4096)
    above = struct.pack(">I", 2**30 // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + magic
    journal = path.with_name("robot.sqlite-journal")
    journal.write_bytes(head.ljust(512, b"\0") + above)
    for kind in (Store, MemoryReader):
        assert "got robot.sqlite-journal next to it, expected none" in refused(path, kind)
    assert victim.exists() and journal.exists()


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_to_all():
    before = os.umask(0)
    yield
    os.umask(before)


def test_pictures_of_people_are_for_their_owner_alone(open_to_all, tmp_path):
    path = tmp_path / "new" / "robot.sqlite"
    with Store(path) as store:
        ids = store.append([(store.begin(Episode("reach")), moment(1))], MODEL)
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["robot.sqlite", "robot.sqlite-shm", "robot.sqlite-wal"]
        assert {mode(file) for file in files} == {0o600}
        copy_of(path, tmp_path / "copy.sqlite")
        list(as_files(store, ids, tmp_path / "files"))
    made = [tmp_path / "copy.sqlite", *(tmp_path / "files").iterdir()]
    assert len(made) == 4 and {mode(file) for file in made} == {0o600}
    with MemoryReader(tmp_path / "copy.sqlite") as memory:
        assert memory.ids() == [1]


def test_what_is_there_keeps_its_mode(open_to_all, path, tmp_path):
    path.chmod(0o640)
    with Store(path) as store:
        store.name("there", 2)
        assert mode(path.with_name("robot.sqlite-wal")) == 0o640
    (tmp_path / "there.sqlite").touch(0o644)
    copy_of(path, tmp_path / "there.sqlite")
    assert mode(path) == 0o640 and mode(tmp_path / "there.sqlite") == 0o644


def test_a_link_leads_to_the_memory_also_to_one_that_is_not_there_yet(open_to_all, tmp_path):
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "far" / "robot.sqlite")
    with Store(tmp_path / "link.sqlite") as store:
        store.begin(Episode("reach"))
    assert mode(tmp_path / "far" / "robot.sqlite") == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["far", "link.sqlite"]


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert "no such memory" in refused(path)
        assert "something else than a file" in refused(path, Store)
    with pytest.raises(OutputError, match="cannot be created"):
        Store(tmp_path / ("long" * 100))


def test_a_copy_is_made_of_no_memory_that_is_refused(path, tmp_path):
    changed(path, CODE["a trigger"][0])
    with pytest.raises(MemoryFileError, match="trigger 'gone'"):
        copy_of(path, tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


@pytest.mark.parametrize("name", ["#1?mode=memory", "50%20&", "a\n b"])
def test_any_name_of_a_file_will_do(path, name):
    path = path.rename(path.with_name(name))
    with Store(path) as store:
        store.name("there", 2)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM names").fetchone() == (2,)
