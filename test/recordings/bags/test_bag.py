# SPDX-License-Identifier: Apache-2.0
"""Whole files and messages that are packed become no more than a recording can be, nor than there is room for."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
import zstandard
from limited import limited
from mcap_bytes import ABOUT, TOPIC, mcap, message, zstd_zeros
from rosbags.rosbag2 import StoragePlugin, Writer

from ami_ros.errors import EpisodeError
from ami_ros.recordings.bags import bag as bag_module
from ami_ros.recordings.bags import unpacking
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.recordings.bags.unpacking import LEAST_RECORD_BYTES

COUNT = 1000
WORDS = bytes(types().serialize_cdr(types().types["std_msgs/msg/String"]("words"), "std_msgs/msg/String"))


def packed(folder: Path, content: bytes, name: str = "a.mcap.zstd") -> Bag:
    path = folder / name
    path.write_bytes(zstandard.compress(content))
    return Bag(path)


def sqlite(folder: Path, times: range) -> bytes:
    """Return a SQLite recording."""
    with Writer(folder, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        words = writer.add_connection(TOPIC, "std_msgs/msg/String", typestore=types())
        for log_ns in times:
            writer.write(words, log_ns, WORDS)
    (path,) = folder.glob("*.db3")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["mcap", "db3"])
def test_a_packed_file_is_read(tmp_path, kind):
    times = range(10**18, 10**18 + COUNT * 10**6, 10**6)
    if kind == "mcap":
        content = mcap(ABOUT, *(message(log_ns, WORDS) for log_ns in times))
    else:
        content = sqlite(tmp_path / "db3", times)
    bag = packed(tmp_path, content, f"a.{kind}.zstd")
    assert [one.log_ns for one in bag.messages()] == list(times) and bag.problems == []
    assert [topic.messages for topic in bag.topics()] == [COUNT]


def test_a_packed_file_is_unpacked_no_further_than_it_can_have_become(tmp_path, monkeypatch):
    content = mcap(ABOUT, *(message(at, WORDS) for at in range(COUNT)), bytes(2**22))
    size = len(zstandard.compress(content))
    monkeypatch.setattr(unpacking, "MOST_CHUNK_BYTES", 2**17)
    monkeypatch.setattr(unpacking, "MOST_TIMES", 2**21 // size)
    bag = packed(tmp_path, content)
    assert [one.log_ns for one in bag.messages()] == list(range(COUNT))
    assert f"a.mcap.zstd: unpacks to more than {2**21 // size * size} bytes" in bag.problems[0]


def test_half_of_the_disk_stays_free(tmp_path, monkeypatch):
    free = 2**21
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(bag_module.shutil, "disk_usage", lambda folder: usage)
    bag = packed(tmp_path, mcap(ABOUT, message(1, WORDS), bytes(2**22)))
    assert [one.log_ns for one in bag.messages()] == [1]
    assert f"unpacks to more than {free // 2} bytes" in bag.problems[0]
    assert f"half of the free space in {tempfile.gettempdir()}" in bag.problems[0]


def test_a_packed_file_has_no_more_messages_than_it_can_hold(tmp_path):
    bag = packed(tmp_path, mcap(ABOUT, *(message(1) for _ in range(5 * COUNT))))
    most = (tmp_path / "a.mcap.zstd").stat().st_size // LEAST_RECORD_BYTES
    assert len(list(bag.messages())) <= most < COUNT
    assert "got more records than a file of" in bag.problems[0]


def test_messages_that_are_packed_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(bag_module, "MOST_MESSAGE_BYTES", 1000)
    long, right = zstandard.compress(bytes(1001)), zstandard.compress(WORDS)
    path = tmp_path / "a.mcap"
    path.write_bytes(
        mcap(ABOUT, message(1, right), message(2, long), message(3, right[:8]), message(4, WORDS))
    )
    bag = Bag(path)
    assert [(one.log_ns, one.data) for one in bag.messages() if one.log_ns != 3] == [(1, WORDS), (4, WORDS)]
    assert bag.problems[0] == f"a.mcap: a message of {TOPIC} is damaged: it unpacks to more than 1000 bytes"
    # All of them together become no more than their file can.
    monkeypatch.setattr(unpacking, "MOST_CHUNK_BYTES", 10 * len(WORDS))
    monkeypatch.setattr(unpacking, "MOST_TIMES", 0)
    path.write_bytes(mcap(ABOUT, *(message(at, right) for at in range(20))))
    bag = Bag(path)
    assert len(list(bag.messages())) == 10
    assert "unpack to more than" in bag.problems[0]


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "a_0.mcap").write_bytes(mcap(ABOUT, message(1)))
    os.mkfifo(tmp_path / "a_1.mcap")
    (tmp_path / "a_2.db3").mkdir()
    (tmp_path / "a_3.mcap").symlink_to(tmp_path / "a_0.mcap")
    bag = Bag(tmp_path)
    assert [one.log_ns for one in bag.messages()] == [1, 1]
    assert bag.problems == ["a_1.mcap: not a regular file", "a_2.db3: not a regular file"]
    with pytest.raises(EpisodeError, match="not a recording"):
        Bag(tmp_path / "a_1.mcap")


READ = """
import sys, time
from pathlib import Path
from ami_ros.recordings.bags.bag import Bag

for name in sys.argv[1:]:
    begun = time.process_time()
    bag = Bag(Path(name))
    assert sum(1 for _ in bag.messages()) < 2 and bag.problems
    print(time.process_time() - begun)
"""


@pytest.mark.slow
def test_bombs_take_little_memory_and_time(tmp_path):
    names = [tmp_path / name for name in ("a.mcap.zstd", "b.db3.zstd", "c.mcap")]
    much, large = zstd_zeros(3 * 2**30), zstd_zeros(2**28)
    for name, content in zip(names, (much, much, mcap(ABOUT, message(1, large) * 20)), strict=True):
        name.write_bytes(content)
    lines, peak_bytes = limited(READ, *names)
    assert max(map(float, lines)) < 10.0
    assert peak_bytes < 2**29 + 2**27
