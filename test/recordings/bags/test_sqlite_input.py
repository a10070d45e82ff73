# SPDX-License-Identifier: Apache-2.0
"""SQLite bags: what was committed is read, whatever became of the recorder; nothing in them is run."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hostile_database import ENDLESS, changed, lead_in_circles, share_data

pytest.importorskip("mcap", reason="needs the extra 'record'")
from ami_ros.errors import EpisodeError
from ami_ros.recordings.bags import sqlite_input
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.sqlite_journal import end_of

BEGIN_NS, STEP_NS = 1_700_000_000_000_000_000, 10_000_000
# Source: rosbag2_storage_sqlite3, sqlite_storage.cpp, of Humble.
TABLES = """
CREATE TABLE schema(schema_version INTEGER PRIMARY KEY,ros_distro TEXT NOT NULL);
CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,
    serialization_format TEXT NOT NULL,offered_qos_profiles TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL,data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
INSERT INTO topics VALUES (1, '/words', 'std_msgs/msg/String', 'cdr', '');
INSERT INTO topics VALUES (2, '/more', 'std_msgs/msg/String', 'cdr', '');
"""
NEVER = 10.0  # s; all here takes less, next to other tests, too


def row(number: int) -> tuple[int, int, bytes]:
    """Topic, time and data of a message."""
    return 1 + number % 2, BEGIN_NS + number * STEP_NS, b"\0\1\0\0" + bytes([number % 256]) * (20 + number)


def add(database: sqlite3.Connection, numbers) -> None:
    rows = [row(number) for number in numbers]
    database.executemany("INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", rows)


def made(path: Path, count: int = 20, tables: str = TABLES) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(tables)
        add(database, range(count))
    return path


@pytest.fixture
def path(tmp_path):
    return made(tmp_path / "bag_0.db3")


def read(path: Path) -> tuple[list[tuple[int, int, bytes]], list[str]]:
    """Return the messages of a bag, and what is told of it."""
    bag, begin_s = Bag(path), time.monotonic()
    got = [(1 + (m.topic == "/more"), m.log_ns, m.data) for m in bag.messages()]
    assert time.monotonic() - begin_s < NEVER
    return got, bag.problems


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


RECORDER = """
import os, signal, sqlite3, sys
sys.path.insert(0, sys.argv[2])
from test_sqlite_input import TABLES, add
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA wal_autocheckpoint = 0")
database.executescript(TABLES)
for first in range(0, 600, 100):
    database.execute("BEGIN")
    add(database, range(first, first + 100))
    database.execute("COMMIT")
    if first == 200:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """What a recorder left that was killed: half of it in the journal."""
    folder = tmp_path_factory.mktemp("killed")
    run = [sys.executable, "-c", RECORDER, folder / "bag_0.db3", Path(__file__).parent]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(run, env=environment, check=False).returncode == -signal.SIGKILL
    assert sorted(content(folder)) == ["bag_0.db3", "bag_0.db3-shm", "bag_0.db3-wal"]
    return folder


@pytest.fixture
def left(killed, tmp_path):
    """What a killed recorder left, without the index of its journal, as it is copied."""
    shutil.copytree(killed, tmp_path / "left", ignore=shutil.ignore_patterns("*-shm"))
    return tmp_path / "left"


def test_what_is_only_in_the_journal_of_a_killed_recorder_is_read_and_nothing_is_written(killed, left):
    whole = [row(number) for number in range(600)]
    before = content(left)
    assert read(left) == (whole, []) and content(left) == before
    assert read(killed) == (whole, []), "with the index that SQLite keeps for all who read"
    assert sorted(content(killed)) == ["bag_0.db3", "bag_0.db3-shm", "bag_0.db3-wal"]
    assert str(Bag(left).topics()[0]) == "/more (std_msgs/msg/String, 300 messages)"


AS_NOBODY = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_sqlite_input import read
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
assert not os.access(sys.argv[1], os.W_OK)
print(*map(len, read(Path(sys.argv[1]))))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("without", ["*-none", "*-shm"], ids=["with its index", "without"])
def test_a_folder_that_may_only_be_read_is(killed, without):
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there, "foreign")
        shutil.copytree(killed, folder, ignore=shutil.ignore_patterns(without))
        for path in (*folder.iterdir(), folder):
            path.chmod(0o555)
        Path(there).chmod(0o755)
        run = [sys.executable, "-c", AS_NOBODY, folder, Path(__file__).parent]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        said = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert said.stdout == "600 0\n", said.stderr


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_damaged_journal_gives_what_was_committed_before_and_says_so(left, harm):
    log = left / "bag_0.db3-wal"
    whole = log.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 40, dtype=int):
        spoilt = bytearray(whole)
        if harm == "cut":
            del spoilt[place:]
        else:
            spoilt[place] ^= 1
        log.write_bytes(spoilt)
        got, told = read(left)
        assert got == [row(number) for number in range(len(got))] and len(got) in range(300, 601, 100)
        assert log.read_bytes() == spoilt
        if len(got) < 600:
            assert told == [] if len(spoilt) in (0, end_of(log).committed) else "damaged" in told[0]
        else:
            assert told == []
    assert end_of(log).committed < len(whole)


def test_what_an_older_journal_left_behind_is_no_damage(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        for numbers in (range(20, 400), range(400, 420)):
            database.execute("BEGIN")
            add(database, numbers)
            database.execute("COMMIT")
            assert database.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0
        add(database, range(420, 430))
        assert read(path) == ([row(number) for number in range(430)], []), "while its recorder is at work"
        end = end_of(path.with_name(f"{path.name}-wal"))
        assert 0 < end.committed < path.with_name(f"{path.name}-wal").stat().st_size and end.lost == ""


def test_a_journal_that_would_be_rolled_back_is_left_alone_and_told(path):
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(600))
    before = content(path.parent)
    got, told = read(path)
    assert len(got) == 20 and content(path.parent) == before
    assert told == ["bag_0.db3: its recorder was killed while writing; the last messages may be damaged"]


def test_messages_come_in_the_order_of_time_and_of_recording(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE messages SET timestamp = -5 WHERE id = 12")
        database.execute("UPDATE messages SET timestamp = 7 WHERE id IN (3, 9)")
    expected = [row(number) for number in (11, 2, 8)]
    got, told = read(path)
    assert [data for _, _, data in got[:3]] == [data for _, _, data in expected] and told == []
    assert [time_ns for _, time_ns, _ in got[:3]] == [-5, 7, 7] and len(got) == 20
    assert got[3:] == [row(number) for number in range(20) if number not in (11, 2, 8)]


@pytest.mark.parametrize("name", ["bag_0.db3", "b#1? 50%20&.db3", "b\udcff.db3", "b\n.db3"])
def test_any_name_of_a_file_will_do(path, name):
    assert len(read(path.rename(path.with_name(name)))[0]) == 20


SPOILT = {
    "a time that is none": (
        "UPDATE messages SET timestamp = 'noon' WHERE id < 4",
        "3 messages without a timestamp",
    ),
    "a time too large": (
        "UPDATE messages SET timestamp = 9223372036854775808 WHERE id = 4",
        "1 messages without a timestamp",
    ),
    "no data": ("UPDATE messages SET data = 'text' WHERE id < 3", "2 messages without data"),
    "a topic that is not there": (
        "UPDATE messages SET topic_id = 77 WHERE id = 9",
        "1 messages of topics that are unknown or unnamed",
    ),
    "a topic without a name": (
        "UPDATE topics SET name = x'00ff' WHERE id = 2",
        "10 messages of topics that are unknown or unnamed",
    ),
    "a topic of no text": (
        "UPDATE topics SET name = CAST(x'2fff' AS TEXT) WHERE id = 2",
        "10 messages of topics that are unknown or unnamed",
    ),
    "a topic that a terminal obeys": (
        "UPDATE topics SET name = '/' || char(27) || '[2J' WHERE id = 2",
        "10 messages of topics that are unknown or unnamed",
    ),
    "a topic with a long name": (
        "UPDATE topics SET name = '/' || char(0) || hex(zeroblob(1000000)) WHERE id = 2",
        "10 messages of topics that are unknown or unnamed",
    ),
    "a type that is none": (
        "UPDATE topics SET type = x'37' WHERE id = 1",
        "10 messages of topics that are unknown or unnamed",
    ),
}


@pytest.mark.parametrize(("spoil", "why"), SPOILT.values(), ids=SPOILT)
def test_a_bad_value_costs_its_messages_and_is_told_once(path, spoil, why):
    changed(path, spoil)
    got, told = read(path)
    assert told == [f"bag_0.db3: left out {why}"]
    assert len(got) == 20 - int(why.split()[0]) and set(got) <= {row(number) for number in range(20)}


def test_values_that_are_null_cost_their_messages(tmp_path):
    path = made(tmp_path / "bag.db3", tables=TABLES.replace("NOT NULL", ""))
    changed(
        path,
        "UPDATE messages SET data = NULL WHERE id = 2; UPDATE messages SET timestamp = NULL WHERE id = 4;"
        "UPDATE messages SET topic_id = NULL WHERE id = 6; UPDATE topics SET type = NULL WHERE id = 1",
    )
    got, told = read(path)
    assert len(got) == 7 and told == [
        "bag_0.db3: ".replace("_0", "") + "left out 11 messages of topics that are unknown or unnamed, "
        "1 messages without data, 1 messages without a timestamp"
    ]


def test_a_message_that_no_robot_needs_is_left_out(path, monkeypatch):
    monkeypatch.setattr(sqlite_input, "MOST_MESSAGE_BYTES", 10_000)
    changed(path, "UPDATE messages SET data = zeroblob(10001) WHERE id = 5")
    changed(path, "UPDATE messages SET data = zeroblob(10000) WHERE id = 6")
    got, told = read(path)
    assert [len(data) for _, _, data in got if len(data) > 50] == [10_000] and len(got) == 19
    assert told == [f"bag_0.db3: left out 1 messages {sqlite_input.LARGE}"]


CODE = {
    "an endless view": "ALTER TABLE messages RENAME TO kept; CREATE VIEW messages AS "
    + ENDLESS.format("n AS id, 1 AS topic_id, n AS timestamp, x'00' AS data"),
    "an endless view of topics": "ALTER TABLE topics RENAME TO kept; CREATE VIEW topics AS "
    + ENDLESS.format("n AS id, '/words' AS name, 'std_msgs/msg/String' AS type"),
    "a module": "DROP TABLE topics; CREATE VIRTUAL TABLE topics USING fts5(id, name, type)",
    "a computed column": "DROP TABLE messages; CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id, timestamp, "
    "data BLOB AS (zeroblob(1000000000)))",
    "another row id": "DROP TABLE messages; CREATE TABLE messages (rowid, topic_id, timestamp, data)",
    "no table": "DROP TABLE topics",
    "no column": "ALTER TABLE topics DROP COLUMN type",
    "a view that says it is a table": "DROP TABLE messages; CREATE VIEW messages AS SELECT 1 AS topic_id, 2 AS "
    "timestamp, x'00' AS data; UPDATE sqlite_master SET type = 'table' WHERE name = 'messages'",
}


@pytest.mark.parametrize("spoil", CODE.values(), ids=CODE)
def test_what_would_be_computed_is_refused(path, spoil):
    changed(path, spoil)
    got, told = read(path)
    assert got == [] and len(told) == 1 and told[0].startswith("bag_0.db3: reading stopped: ")
    with pytest.raises(EpisodeError, match="cannot be read"):
        Bag(path).topics()


@pytest.mark.parametrize(("table", "count"), [("messages", 20), ("topics", 0)])
def test_pages_that_lead_to_one_another_come_to_an_end(path, table, count):
    lead_in_circles(path, table)
    got, told = read(path)
    assert len(got) == count and len(told) == 1 and "reading stopped: its " in told[0]


def test_messages_that_share_what_they_say_come_to_an_end(path):
    """Each of them claims as much as the file has; all of them never end."""
    changed(path, "DELETE FROM messages WHERE id > 1; UPDATE messages SET data = zeroblob(409690)")
    assert share_data(path, "messages") > 5
    got, told = read(path)
    assert len(got) < 4 and "reading stopped: its messages" in told[0]


def test_a_file_that_is_cut_off_gives_what_is_there(tmp_path):
    path = made(tmp_path / "bag_0.db3", 300)
    whole, before = path.read_bytes(), 0
    for part in (0.5, 0.7, 0.9):
        path.write_bytes(whole[: int(part * len(whole))])
        got, told = read(path)
        assert got == [row(number) for number in range(len(got))] and len(got) > before
        assert len(told) == 1 and "reading stopped: " in told[0]
        before = len(got)


def test_a_message_whose_pages_are_gone_is_lost_alone(path):
    changed(path, "UPDATE messages SET data = zeroblob(100000) WHERE id = 5")
    path.write_bytes(path.read_bytes()[:-20_000])
    got, told = read(path)
    assert got == [row(number) for number in range(20) if number != 4]
    assert told == ["bag_0.db3: left out 1 messages damaged"]


def test_no_cut_and_no_flipped_byte_is_more_than_told(path):
    whole, random = path.read_bytes(), np.random.default_rng(0)
    rows = {row(number) for number in range(20)}
    for number in range(150):
        spoilt = bytearray(whole)
        if number % 3:
            for place in random.integers(0, len(whole), 3):
                spoilt[place] = random.integers(256)
        else:
            del spoilt[random.integers(len(whole)) :]
        path.write_bytes(spoilt)
        got, told = read(path)
        assert len(got) == 20 or told
        times = [time_ns for _, time_ns, _ in got]
        assert (times == sorted(times) and len(rows & set(got)) > 20 - 8) or told
