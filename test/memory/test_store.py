# SPDX-License-Identifier: Apache-2.0
"""What is written is read again, to the bit; whatever is no memory is refused in a sentence."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from memories import MODEL, OTHER, STATE, moment

from ami_ros.errors import AmiError, MemoryFileError, OutputError
from ami_ros.memory.moment import Episode
from ami_ros.memory.reader import PAGE, MemoryReader
from ami_ros.memory.schema import VERSION
from ami_ros.memory.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "robot.sqlite"


def filled(path, count: int = 5, task: str = "reach") -> tuple[Store, list[int]]:
    store = Store(path)
    episode = store.begin(Episode(task, "cup"))
    return store, store.append([(episode, moment(number)) for number in range(count)], MODEL)


def test_what_is_written_is_read_again(path):
    store, ids = filled(path)
    store.close()
    with MemoryReader(path) as memory:
        for number, found in enumerate(memory.moments(ids)):
            was = moment(number)
            assert found.id == ids[number] and found.episode == 1 and found.names == ()
            for name, image in was.images.items():
                np.testing.assert_array_equal(found.moment.images[name], image)
            for name, values in was.vectors.items():
                np.testing.assert_array_equal(found.moment.vectors[name], values)
            np.testing.assert_array_equal(found.moment.action, was.action)
            told = (found.moment.stamp_ns, found.moment.distance, found.moment.surprise, found.moment.verdict)
            assert told == (was.stamp_ns, was.distance, was.surprise, was.verdict)
        assert memory.episodes() == {1: Episode("reach", "cup")}
        known, states = memory.states(MODEL)
        assert known.tolist() == ids and states.shape == (5, STATE)
        np.testing.assert_allclose(states[3], moment(3).state, atol=2e-3)


def test_moments_come_in_the_order_that_was_asked_for(path):
    store, ids = filled(path, PAGE + 3)
    wanted = ids[::-1]
    assert [found.id for found in store.moments(wanted)] == wanted


def test_a_moment_may_have_nothing_but_a_time(path):
    store = Store(path)
    bare = moment(1, images={}, vectors={}, state=None, action=None, distance=None, surprise=None)
    found = store.moments(store.append([(store.begin(Episode("reach")), bare)]))[0].moment
    assert (found.images, found.vectors, found.action, found.distance) == ({}, {}, None, None)
    assert store.ids(without=MODEL) == [1]


def test_names_find_their_moment_and_move(path):
    store, ids = filled(path)
    store.name("cup on the left", ids[1])
    store.name("home", ids[2])
    assert store.named("home").id == ids[2] and store.named("home").names == ("home",)
    assert list(store.names()) == ["cup on the left", "home"] and store.names("push") == {}
    store.name("home", ids[4])
    assert store.names("reach") == {"cup on the left": ids[1], "home": ids[4]}
    with pytest.raises(MemoryFileError, match=r"got name 'hme', expected .* cup on the left, home"):
        store.named("hme")
    with pytest.raises(MemoryFileError, match="no moment 99"):
        store.name("there", 99)
    for name in ("  ", "12"):
        with pytest.raises(MemoryFileError, match="expected a name"):
            store.name(name, ids[0])


def test_a_new_model_has_states_of_its_own(path):
    store, ids = filled(path)
    assert store.ids("reach", without=OTHER) == ids and store.ids("push", without=OTHER) == []
    store.put_states(OTHER, ids[:2], np.ones((2, 3), np.float32))
    assert store.ids(without=OTHER) == ids[2:]
    assert store.figures().states == {MODEL: 5, OTHER: 2}
    known, states = store.states(OTHER, "reach", after=ids[0])
    assert known.tolist() == [ids[1]] and states.tolist() == [[1.0, 1.0, 1.0]]
    known, states = store.states_of(MODEL, [ids[3], ids[0], 77])
    assert known.tolist() == [ids[0], ids[3]] and len(states) == 2
    assert store.forget_model(MODEL) == 5 and len(store.states(MODEL)[0]) == 0


def test_forgetting_leaves_nothing_behind(path):
    store, ids = filled(path)
    store.name("home", ids[0])
    assert store.forget([*ids[:3], 99]) == 3
    assert store.names() == {} and store.ids() == ids[3:]
    assert len(store.states(MODEL)[0]) == 2
    with pytest.raises(MemoryFileError, match=r"got moments \[1\]"):
        store.moments([ids[0]])
    store.forget(ids)
    figures = store.figures()
    assert (figures.episodes, figures.moments, figures.states) == (0, 0, {})


@pytest.mark.parametrize("is_old", [False, True], ids=["new file", "file from before"])
def test_no_number_is_given_twice(path, is_old):
    store, ids = filled(path)
    store.close()
    if is_old:
        with sqlite3.connect(path) as database:
            database.execute("DROP TABLE highest")
        with MemoryReader(path) as memory:
            assert memory.ids() == ids
    for number in range(6, 9):
        with Store(path) as store:
            store.forget(store.ids())
            assert (store.begin(Episode("reach")), store.episodes()) == (
                number - 4,
                {number - 4: Episode("reach")},
            )
            assert store.append([(number - 4, moment(1))]) == [number]


def test_a_reader_reads_what_is_written_meanwhile_and_writes_nothing(path):
    store, _ = filled(path, 1)
    with MemoryReader(path) as memory:
        store.append([(1, moment(7))], MODEL)
        store.end(1, "arrived")
        assert len(memory.ids()) == 2 and memory.episodes()[1].outcome == "arrived"
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            memory._database.execute("DELETE FROM moments")


def test_all_or_nothing(path):
    store, _ = filled(path, 2)
    bad = moment(8, vectors={"joints": np.array([np.nan], np.float32)})
    with pytest.raises(MemoryFileError, match="not finite"):
        store.append([(1, moment(7)), (1, bad)], MODEL)
    assert len(store.ids()) == 2
    with pytest.raises(MemoryFileError, match=r"not written \(FOREIGN KEY .*it may have been forgotten"):
        store.append([(44, moment(9))])
    assert len(store.append([(1, moment(10))])) == 1, "and it goes on"


def test_what_is_written_together_is_there_or_not(path):
    store, ids = filled(path, 2)
    with pytest.raises(MemoryFileError, match="no moment 99"), store.together():
        store.append([(store.begin(Episode("push")), moment(7))], MODEL)
        store.name("there", 99)
    assert store.ids() == ids and list(store.episodes()) == [1]
    with store.together():
        store.append([(store.begin(Episode("push")), moment(7))], MODEL)
    with MemoryReader(path) as memory:
        assert len(memory.ids()) == 3 and len(memory.episodes()) == 2


def written(path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def other_program(path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE addresses (name TEXT)")


def newer(path) -> None:
    filled(path)[0].close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")


def truncated(path) -> None:
    filled(path, 50)[0].close()
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: written(path, b"no database at all" * 100), "it is damaged"),
        (other_program, "got another program's database"),
        (newer, rf"got version {VERSION + 1}, expected a memory of version {VERSION} or older"),
        (truncated, "it is damaged"),
    ],
    ids=["text", "other program", "newer", "truncated"],
)
def test_what_is_no_memory_is_refused_in_a_sentence(path, spoil, why):
    spoil(path)
    for kind in (MemoryReader, Store):
        with pytest.raises(MemoryFileError, match=why), kind(path) as memory:
            memory.moments(memory.ids())


def test_a_reader_makes_no_file(path):
    with pytest.raises(MemoryFileError, match="no such memory"):
        MemoryReader(path)
    assert not path.exists()


def test_an_empty_file_is_no_memory_to_a_reader_and_a_new_one_to_a_writer(path):
    written(path, b"")
    with pytest.raises(MemoryFileError, match="another program's database"):
        MemoryReader(path)
    with Store(path) as store:
        assert store.ids() == []


def test_a_full_disk_is_told_and_loses_nothing_that_was_there(path):
    store, ids = filled(path, 20)
    store._database.execute(f"PRAGMA max_page_count = {store.bytes // 4096 + 1}")
    with pytest.raises(OutputError, match=r"robot\.sqlite: cannot be written .*full.*expected free"):
        store.append([(1, moment(number)) for number in range(200)])
    assert store.ids() == ids and len(store.moments(ids)) == 20


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be created"):
        Store(tmp_path / "file" / "robot.sqlite")


def test_damaged_blobs_are_told(path):
    store, ids = filled(path, 2)
    store._database.execute("UPDATE images SET png = x'89504e470d0a1a0a00' WHERE moment = 1")
    with pytest.raises(AmiError):
        store.moments(ids)
    store._database.execute("DELETE FROM images")
    store._database.execute("UPDATE vectors SET measured = x'0102' WHERE moment = 2")
    with pytest.raises(MemoryFileError, match="got 2 bytes of numbers"):
        store.moments(ids)
    store._database.execute("UPDATE states SET state = x'0102' WHERE moment = 2")
    with pytest.raises(MemoryFileError, match=r"got states of \[2, 48\] bytes"):
        store.states(MODEL)
