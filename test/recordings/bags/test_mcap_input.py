# SPDX-License-Identifier: Apache-2.0
"""MCAP files that claim what they have not, or would become gigabytes, take little and lose only what is wrong."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from limited import limited
from mcap_bytes import (
    ABOUT,
    BEGIN,
    MAGIC,
    NUMBERS,
    TOPIC,
    channel,
    chunk,
    mcap,
    message,
    record,
    text,
    zstd_zeros,
)

from ami_ros.recordings.bags.mcap_input import (
    MOST_DESCRIPTION_BYTES,
    MOST_NAME,
    MOST_NS,
    mcap_topics,
    read_mcap,
)
from ami_ros.recordings.bags.unpacking import LEAST_RECORD_BYTES, MOST_CHUNK_BYTES
from ami_ros.recordings.problems import MOST_LINES


def read(path: Path, *content: bytes, summary_at: int = 0) -> tuple[list[int], list[str]]:
    """Write a file; return the times of its messages, and what could not be read."""
    problems: list[str] = []
    path.write_bytes(mcap(*content, summary_at=summary_at))
    return [one.log_ns for one in read_mcap(path, problems.append)], problems


@pytest.mark.parametrize("compression", ["", "lz4", "zstd"])
def test_messages_come_in_chunks_and_alone(tmp_path, compression):
    inside = chunk(ABOUT + message(1) + message(2), compression)
    assert read(tmp_path / "a.mcap", inside, message(3)) == ([1, 2, 3], [])
    problems: list[str] = []
    (first, *_) = read_mcap(tmp_path / "a.mcap", problems.append)
    assert first == (TOPIC, NUMBERS, 1, b"")


TWO = message(1, bytes(9)) + message(2, bytes(9))


CHUNKS = {
    "larger than any": (chunk(TWO, size=MOST_CHUNK_BYTES + 1), f"its header claims {MOST_CHUNK_BYTES + 1}"),
    "of 8 exabytes": (chunk(TWO, size=2**63), f"its header claims {2**63} bytes"),
    "longer zstd": (chunk(TWO, "zstd", len(TWO) - 1), f"unpacks to more than {len(TWO) - 1} bytes"),
    "longer lz4": (chunk(TWO, "lz4", len(TWO) - 1), f"unpacks to more than {len(TWO) - 1} bytes"),
    "longer": (chunk(TWO, "", len(TWO) - 1), f"unpacks to more than {len(TWO) - 1} bytes"),
    "shorter zstd": (chunk(TWO, "zstd", len(TWO) + 1), f"got {len(TWO)} bytes, expected {len(TWO) + 1}"),
    "shorter lz4": (chunk(TWO, "lz4", len(TWO) + 1), f"got {len(TWO)} bytes, expected {len(TWO) + 1}"),
    "packed otherwise": (chunk(TWO, "brotli", packed=TWO), "got compression 'brotli', expected one of"),
    "no zstd": (chunk(TWO, packed=b"words"), "Unknown frame descriptor"),
    "longer than its record": (
        record(6, bytes(32) + struct.pack("<Q", 2**40)),
        f"its header claims {2**40} bytes",
    ),
    "a long name": (record(6, bytes(28) + struct.pack("<I", 2**32 - 1)), "got a compression name of"),
}


@pytest.mark.parametrize("name", list(CHUNKS))
def test_a_chunk_that_is_not_what_it_says_is_left_out_alone(tmp_path, name):
    broken, why = CHUNKS[name]
    times, problems = read(tmp_path / "a.mcap", ABOUT, broken, message(3))
    assert times == [3]
    assert len(problems) == 1 and "a chunk of" in problems[0] and why in problems[0]


RECORDS = {
    "a time that is none": (message(MOST_NS + 1), f"got time {MOST_NS + 1} ns, expected at most {MOST_NS}"),
    "the latest time": (message(2**64 - 1), f"got time {2**64 - 1} ns"),
    "a short message": (record(5, bytes(21)), "a message of 21 bytes was left out"),
    "a long name": (channel(2, "/" + "x" * MOST_NAME), f"expected at most {MOST_NAME} characters"),
    "no text": (record(4, b"\xff" * 20), "the description of a topic is damaged"),
    "much metadata": (channel(2, metadata=bytes(MOST_DESCRIPTION_BYTES)), "of a topic is damaged: got"),
    "no type": (record(3, struct.pack("<HI", 2, 1) + b"\xff"), "the description of a type is damaged"),
    "without a topic": (message(2, number=7), "1 messages are lost"),
}


@pytest.mark.parametrize("name", list(RECORDS))
@pytest.mark.parametrize("compression", [None, "zstd"])
def test_a_record_that_cannot_be_is_left_out_alone(tmp_path, name, compression):
    broken, why = RECORDS[name]
    content = ABOUT + message(1) + broken + message(3)
    times, problems = read(tmp_path / "a.mcap", chunk(content) if compression else content)
    assert times == [1, 3]
    assert len(problems) == 1 and why in problems[0]


def test_a_record_of_no_kind_ends_a_chunk_and_a_file(tmp_path):
    times, problems = read(tmp_path / "a.mcap", ABOUT, chunk(message(1) + bytes(9) + message(2)), message(3))
    assert times == [1, 3]
    assert len(problems) == 1 and "got a record of kind 0" in problems[0]
    times, problems = read(tmp_path / "b.mcap", ABOUT, message(1), bytes(2**20), message(2))
    assert times == [1] and "got a record of kind 0" in problems[0]


def test_what_is_not_read_is_not_believed_either(tmp_path):
    """Attachments and the like are passed over, whatever is in them."""
    other = record(9, b"\xff" * 100) + record(0x80, bytes(100)) + record(7, b"\xff" * 9)
    assert read(tmp_path / "a.mcap", ABOUT, other, message(1)) == ([1], [])


def test_a_million_damages_are_few_lines(tmp_path):
    broken = [chunk(TWO, size=1)] * 300 + [message(2**64 - 1)] * 300
    times, problems = read(tmp_path / "a.mcap", ABOUT, *broken, message(3))
    assert times == [3] and len(problems) == MOST_LINES + 1
    assert problems[-1] == f"a.mcap: {600 - MOST_LINES} more problems like the last one"


def test_there_are_no_more_records_than_the_file_can_hold(tmp_path):
    most = 10_000
    packed = chunk(message(1) * most)
    assert len(packed) < most * LEAST_RECORD_BYTES / 5
    times, problems = read(tmp_path / "a.mcap", ABOUT, packed, message(2))
    size = (tmp_path / "a.mcap").stat().st_size
    assert 0 < len(times) <= size // LEAST_RECORD_BYTES
    (problem,) = problems
    assert f"got more records than a file of {size} bytes can hold" in problem
    # Messages as a robot records them are fewer, however well they are packed.
    booleans = b"".join(message(10**18 + at * 10**6, b"\0\1\0\0\1") for at in range(most))
    times, problems = read(tmp_path / "b.mcap", ABOUT, chunk(booleans))
    assert (len(times), problems) == (most, [])


def test_a_summary_is_only_looked_at(tmp_path):
    """It may lie anywhere, say anything, and hold what it should not."""
    about = ABOUT + message(1)
    statistics = struct.pack("<QHIIIIQQ", 5, 1, 1, 0, 0, 0, 0, 0) + struct.pack("<IHQ", 10, 1, 5)
    summary_at = BEGIN + len(about) + len(record(15, bytes(4)))
    end = ABOUT + record(11, statistics)
    assert read(tmp_path / "a.mcap", about, record(15, bytes(4)), end, summary_at=summary_at)[0] == [1]
    (found,) = mcap_topics(tmp_path / "a.mcap") or ()
    assert str(found) == f"{TOPIC} ({NUMBERS}, 5 messages)"
    for place in (BEGIN, BEGIN + 1, 2**63, 2**64 - 1):
        assert read(tmp_path / "b.mcap", about, summary_at=place) == ([1], [])
        assert not mcap_topics(tmp_path / "b.mcap")


def test_a_pipe_in_the_place_of_a_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "a.mcap")
    problems: list[str] = []
    assert list(read_mcap(tmp_path / "a.mcap", problems.append)) == []
    assert problems == ["a.mcap: cannot be read: not a regular file"]
    assert mcap_topics(tmp_path / "a.mcap") is None


READ = """
import sys, time
from pathlib import Path
from ami_ros.recordings.bags.bag import Bag
from ami_ros.errors import EpisodeError

for name in sys.argv[1:]:
    begun = time.process_time()
    bag = Bag(Path(name))
    try:
        bag.topics()
    except EpisodeError as error:
        assert "cannot be read" in str(error), error
    count = sum(1 for _ in bag.messages())
    assert bag.problems, name
    print(count, time.process_time() - begun)
"""


def test_bombs_take_little_memory_and_time(tmp_path):
    much = zstd_zeros(2**31)
    empty, private = message(1, number=9), record(0x80)
    bombs = {
        "message": mcap(ABOUT, message(1, much)),
        "chunk": mcap(ABOUT, chunk(b"", size=2**31, packed=much)),
        "lying chunk": mcap(ABOUT, chunk(b"", size=1000, packed=much)),
        "lz4": mcap(ABOUT, chunk(bytes(2**29), "lz4", size=1000)),
        "records": mcap(
            ABOUT, chunk(private * (2**26 // len(private))), chunk(empty * (2**26 // len(empty)))
        ),
        "summary": mcap(chunk(b"", size=2**31, packed=much), summary_at=BEGIN),
        "topic": mcap(chunk(channel(metadata=(text("abcdefgh") + text("")) * 2**21))),
    }
    for name, content in bombs.items():
        assert len(content) < 4 * 2**20
        (tmp_path / f"{name}.mcap").write_bytes(content)
    for name, kind in (("attachment", 9), ("message", 5), ("chunk", 6)):
        with (tmp_path / f"sparse {name}.mcap").open("wb") as file:
            file.write(MAGIC + ABOUT + struct.pack("<BQ", kind, 2**39))
            file.truncate(2**40)
    names = sorted(tmp_path.iterdir())
    lines, peak_bytes = limited(READ, *names)
    seconds = {path.name: float(line.split()[1]) for path, line in zip(names, lines, strict=True)}
    assert max(seconds.values()) < 10.0, seconds
    assert peak_bytes < 2 * MOST_CHUNK_BYTES
