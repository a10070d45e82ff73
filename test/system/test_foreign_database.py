# SPDX-License-Identifier: Apache-2.0
"""What SQLite computes for a file of somebody else ends: by itself, by a signal, or because it takes too long."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from child_environment import child_environment
from hostile_database import ENDLESS, lead_in_circles, share_data

from ami_ros.system import foreign_database
from ami_ros.system.foreign_database import FEW_BYTES, ForeignDatabase, open_foreign

FOREVER = ENDLESS.format("count(1)")
BYTES = 10**6


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE some (id INTEGER PRIMARY KEY, data BLOB)")
        database.executemany("INSERT INTO some (data) VALUES (?)", [(bytes([at]) * 10,) for at in range(50)])
    return path


@pytest.fixture
def database(path):
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        yield database


def test_all_rows_come_whatever_the_step(database):
    expected = [(at + 1, bytes([at]) * 10) for at in range(50)]
    for at_once in (1, 7, 50, 1000):
        batches = list(database.answer("SELECT id, data FROM some ORDER BY id", at_once=at_once))
        assert [row for rows in batches for row in rows] == expected
        assert max(map(len, batches)) == min(at_once, 50)
    assert list(database.answer("SELECT id FROM some WHERE id > ?", (99,))) == []


def test_rows_before_the_damage_come(database):
    found, rows = (
        database.answer("SELECT id, CASE id WHEN 20 THEN abs(-9223372036854775808) END FROM some"),
        [],
    )
    with pytest.raises(sqlite3.OperationalError, match="integer overflow"):
        rows.extend(row for batch in found for row in batch)
    assert [row[0] for row in rows] in (list(range(1, 19)), list(range(1, 20))), "sqlite3 looks one row ahead"


@pytest.mark.parametrize("how", ["execute", "executescript", "executemany"])
def test_what_takes_too_long_ends(path, how, monkeypatch):
    monkeypatch.setattr(foreign_database, "MOST_S", 0.3)
    with closing(open_foreign(path, "mode=rw", BYTES)) as database:
        asked = {"execute": (FOREVER,), "executescript": (FOREVER,)}
        asked["executemany"] = (f"INSERT INTO some (data) SELECT ({FOREVER}) + ?", [(1,), (2,)])
        begin_s = time.thread_time()
        with pytest.raises(
            sqlite3.DatabaseError, match=r"reading it takes more than 0\.3 s of processor time"
        ):
            getattr(database, how)(*asked[how])
        assert 0.3 < time.thread_time() - begin_s < 3.0
        assert len(database.execute("SELECT id FROM some").fetchall()) == 50, (
            "what comes after it has its own time"
        )


def test_many_rows_that_each_come_soon_are_no_endless_answer(database, monkeypatch):
    counted = ENDLESS.format("count(1)").replace("FROM counted)", "FROM counted WHERE n < some.id + 60000)")
    slow = f"SELECT id, ({counted}) FROM some"
    begin_s = time.thread_time()
    assert sum(len(rows) for rows in database.answer(slow, at_once=1)) == 50
    monkeypatch.setattr(foreign_database, "MOST_S", (time.thread_time() - begin_s) / 4)
    assert sum(len(rows) for rows in database.answer(slow, at_once=1)) == 50
    with pytest.raises(sqlite3.DatabaseError, match="of processor time"):
        database.execute(f"SELECT sum(({counted})) FROM some").fetchall()


STOPPED = """
import signal, sys
from pathlib import Path
from ami_ros.system import foreign_database
foreign_database.MOST_S = 60.0
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
database = foreign_database.open_foreign(Path(sys.argv[1]), "mode=ro", 10**6)
for _ in range(2):  # what a signal has ended may be asked again
    print("asks", flush=True)
    try:
        database.execute(sys.argv[2])
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_signals_get_through(path):
    run = [sys.executable, "-c", STOPPED, path, FOREVER]
    with subprocess.Popen(run, env=child_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            for number, says in ((signal.SIGINT, "interrupted\n"), (signal.SIGTERM, "")):
                assert process.stdout.readline() == "asks\n"
                time.sleep(0.3)  # for it to be deep in it
                begin_s = time.monotonic()
                process.send_signal(number)
                assert process.stdout.readline() == says and time.monotonic() - begin_s < 5.0
            assert process.wait(5.0) == 128 + signal.SIGTERM
        finally:
            process.kill()


def test_pages_that_lead_to_one_another_give_no_more_than_the_file_has(path):
    lead_in_circles(path, "some")
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        rows = 0
        with pytest.raises(sqlite3.DatabaseError, match="claim more than"):
            for batch in database.answer("SELECT id FROM some"):
                rows += len(batch)
        assert rows <= FEW_BYTES


def test_blobs_that_share_their_pages_give_no_more_than_the_file_has(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM some WHERE id > 1")
        database.execute("UPDATE some SET data = zeroblob(409690)")
    assert share_data(path, "some") > 5
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        size = 0
        with pytest.raises(sqlite3.DatabaseError, match="claim more than"):
            for ((data,),) in database.answer("SELECT data FROM some", at_once=1):
                size += len(data)
        assert size <= FEW_BYTES


def test_an_answer_may_be_larger_than_little_where_the_file_is(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE some SET data = zeroblob(100000)")
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        assert sum(len(rows) for rows in database.answer("SELECT data FROM some")) == 50
        assert database.bytes > 50 * 100_000 > FEW_BYTES


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite cannot be told")
def test_a_value_that_is_too_large_is_not_read(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE some SET data = zeroblob(?) WHERE id = 9", (BYTES + 1,))
        database.execute("UPDATE some SET data = zeroblob(?) WHERE id = 7", (BYTES - 20,))
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        assert len(database.execute("SELECT data FROM some WHERE id = 7").fetchone()[0]) == BYTES - 20
        with pytest.raises(sqlite3.DataError, match="too big"):
            database.execute("SELECT data FROM some WHERE id = 9")


def test_a_message_of_sqlites_that_is_no_text_is_one_of_its_errors(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = CAST(x'435245415445205441424c45ff' AS TEXT)")
    with closing(open_foreign(path, "mode=ro", BYTES)) as database, pytest.raises(sqlite3.DatabaseError):
        database.execute("SELECT * FROM some")


@pytest.mark.parametrize("name", ["#1?mode=memory", "50%20&", "a\n b", "\udcff"])
def test_any_name_of_a_file_will_do(path, name):
    path = path.rename(path.with_name(name))
    with closing(open_foreign(path, "mode=ro", BYTES)) as database:
        assert isinstance(database, ForeignDatabase)
        assert len(database.execute("SELECT id FROM some").fetchall()) == 50
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        open_foreign(path.with_name("other"), "mode=ro", BYTES)
