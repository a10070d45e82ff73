# SPDX-License-Identifier: Apache-2.0
"""What a memory from elsewhere says is no more than it may be, and of the kind that it shall be."""

from __future__ import annotations

import sqlite3
import struct
import sys
import tracemalloc
import zlib
from contextlib import closing

import numpy as np
import pytest
from memories import MODEL, moment

from ami_ros.errors import MemoryFileError
from ami_ros.memory import reader
from ami_ros.memory.moment import LONGEST_NAME
from ami_ros.memory.pictures import MOST_BYTES, MOST_PIXELS, packed, unpacked
from ami_ros.memory.reader import LONGEST_TEXT, MemoryReader
from ami_ros.memory.store import Store
from ami_ros.types import RARE_SURPRISE

LITTLE = 20_000_000  # bytes, that Python takes when it refuses more than twice as much
LONG = LONGEST_TEXT + 1


def changed(path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def all_of(path) -> None:
    """Ask a memory all that can be asked."""
    with MemoryReader(path) as memory:
        memory.figures()
        memory.names("reach")
        memory.episodes()
        memory.kinds(MODEL, RARE_SURPRISE)
        memory.states(MODEL)
        memory.seen(MODEL, "reach", 9)
        memory.states_of(MODEL, [1, 2])
        memory.moments(memory.ids())
        assert memory.named("home").id == 1


BAD = {
    "a name": (f"UPDATE names SET name = printf('%.{LONG}c', 'n')", f"got a name of {LONG} characters"),
    "a task": (f"UPDATE episodes SET task = printf('%.{LONG}c', 'n')", f"got a name of {LONG} characters"),
    "a goal": (f"UPDATE episodes SET goal = printf('%.{LONG}c', 'n')", f"got a name of {LONG} characters"),
    "a verdict": (f"UPDATE moments SET verdict = printf('%.{LONG}c', 'n')", f"name of {LONG} characters"),
    "a camera": (
        f"UPDATE images SET camera = moment || printf('%.{LONG}c', 'n') WHERE camera = 'wrist'",
        "got a name",
    ),
    "a sensor": (
        f"UPDATE vectors SET sensor = moment || printf('%.{LONG}c', 'n') WHERE sensor = 'joints'",
        "got a name",
    ),
    "a model": (f"UPDATE states SET model = printf('%.{LONG}c', 'n')", f"got a name of {LONG} characters"),
    "a name of bytes": ("UPDATE names SET name = x'00'", "got b'\\x00', expected str"),
    "an outcome of bytes": ("UPDATE episodes SET outcome = x'00'", "got b'\\x00', expected str"),
    "a time of text": ("UPDATE moments SET stamp_ns = 'noon'", "got 'noon', expected int"),
    "a time that is not whole": ("UPDATE moments SET stamp_ns = 1e300", "got 1e+300, expected int"),
    "a distance of text": ("UPDATE moments SET distance = 'far'", "got 'far', expected NoneType or float"),
    "a picture of text": ("UPDATE images SET png = 'picture'", "got 'picture', expected bytes"),
    "an action of text": ("UPDATE moments SET action = 'go'", "got 'go', expected NoneType or bytes"),
    "numbers of text": ("UPDATE vectors SET measured = 'many'", "got 'many', expected bytes"),
    "numbers that are none": ("UPDATE vectors SET measured = x'0000c07f'", "numbers that are not finite"),
    "a state that is none": ("UPDATE states SET state = x'007e'", "numbers that are not finite"),
    "half a number": ("UPDATE states SET state = x'000000'", "bytes of numbers, expected a multiple"),
    "an episode that is not there": ("UPDATE moments SET episode = 77", "got moments"),
    "got invalid text": ("UPDATE episodes SET task = CAST(x'ff' AS TEXT)", "it is damaged"),
}


@pytest.mark.parametrize(("spoil", "why"), BAD.values(), ids=BAD)
def test_what_is_not_of_its_kind_is_told(path, spoil, why):
    all_of(path)
    changed(path, spoil)
    with pytest.raises(MemoryFileError) as error:
        all_of(path)
    assert why in str(error.value) and len(str(error.value)) < 1000


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite cannot be told")
@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE images SET png = zeroblob(50000000) WHERE moment = 1",
        "UPDATE vectors SET measured = zeroblob(50000000) WHERE moment = 1",
        "UPDATE moments SET action = zeroblob(50000000) WHERE id = 1",
        "UPDATE names SET name = CAST(zeroblob(50000000) AS TEXT)",
    ],
    ids=["picture", "vector", "action", "name"],
)
def test_what_is_too_large_is_refused_before_it_is_read(path, spoil):
    changed(path, "PRAGMA journal_mode = DELETE")
    changed(path, spoil)
    tracemalloc.start()
    try:
        with pytest.raises(MemoryFileError, match="too big"):
            all_of(path)
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()


def bomb(side: int) -> bytes:
    """Return a PNG that claims to be large, and is small."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_that_claims_to_be_huge_is_refused(path):
    changed(path, "UPDATE images SET png = ?", bomb(30_000))
    with pytest.raises(MemoryFileError, match=r"30000x30000 .*`ami-ros memory forget` it"):
        all_of(path)


def test_the_largest_picture_fits_into_what_is_read(path):
    side = int(MOST_PIXELS**0.5)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    assert len(packed(noise)) < MOST_BYTES
    with Store(path) as store:
        ids = store.append([(1, moment(1, images={"camera": noise}))])
        np.testing.assert_array_equal(store.moments(ids)[0].moment.images["camera"], noise)


def test_pictures_that_are_too_much_together_are_refused_before_they_are_all_there(path, monkeypatch):
    flat = np.zeros((100, 100, 3), np.uint8)
    with Store(path) as store:
        (number,) = store.append([(1, moment(1, images={f"c{at}": flat for at in range(50)}))])
        monkeypatch.setattr(reader, "MOST_PICTURE_BYTES", 50 * flat.nbytes)
        assert len(store.moments([number])[0].moment.images) == 50
        with pytest.raises(
            MemoryFileError, match=r"bytes of pictures in 2 moments, expected less; request fewer"
        ):
            store.moments([1, number])
        decoded = []
        monkeypatch.setattr(reader, "unpacked", lambda *how: decoded.append(1) or unpacked(*how))
        monkeypatch.setattr(reader, "MOST_PICTURE_BYTES", 10 * flat.nbytes)
        with pytest.raises(MemoryFileError, match="bytes of pictures"):
            store.moments([number])
        assert len(decoded) == 11


def test_a_name_has_a_largest_length(path):
    with Store(path) as store:
        store.name("n" * LONGEST_NAME, 2)
        assert store.named("n" * LONGEST_NAME).id == 2
        for name in ("n" * (LONGEST_NAME + 1), "a\nb", "\x1b[2J", "n" * 10**6):
            with pytest.raises(MemoryFileError, match="of 1 to 200 printable characters") as error:
                store.name(name, 2)
            assert len(str(error.value)) < 1000


def test_names_from_before_that_are_longer_are_still_found(path):
    name = "n" * LONGEST_TEXT
    changed(path, "UPDATE names SET name = ?", name)
    with MemoryReader(path) as memory:
        assert memory.named(name).id == 1


def test_what_is_not_there_is_told_in_few_words(path):
    with closing(sqlite3.connect(path)) as database, database:
        names = [(f"place {number:05d}", 1) for number in range(5000)]
        database.executemany("INSERT INTO names VALUES (?, ?)", names)
    with MemoryReader(path) as memory, pytest.raises(MemoryFileError) as error:
        memory.named("n" * 10**6)
    assert "home, place 00000, " in str(error.value) and "and 4981 more" in str(error.value)
    assert len(str(error.value)) < 1000


def test_no_flipped_byte_is_more_than_told(path):
    changed(path, "PRAGMA journal_mode = DELETE")
    whole, random = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for number in range(150):
        spoilt = bytearray(whole)
        if number % 3:
            for place in random.integers(0, len(whole), 4):
                spoilt[place] = random.integers(256)
        else:
            del spoilt[random.integers(len(whole)) :]
        path.write_bytes(spoilt)
        try:
            all_of(path)
        except MemoryFileError as error:
            refused += "robot.sqlite" in str(error)
        except AssertionError:
            pass  # another moment is called so: data
    assert refused > 30
