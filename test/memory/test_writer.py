# SPDX-License-Identifier: Apache-2.0
"""The writer keeps the order, never makes anybody wait, and loses no more than a second to a kill."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from memories import MODEL, moment

from ami_ros.errors import OutputError
from ami_ros.memory.moment import Episode
from ami_ros.memory.reader import MemoryReader
from ami_ros.memory.store import Store
from ami_ros.memory.writer import GATHER_S, MOST_NAMED, MemoryWriter
from benchmarks.kills import lived_and_died

KILLS = 5
EACH_S = 0.02  # from moment to moment, five times as many as a robot has: next to other tests no more can be written
NO_SOONER_S = 1.0  # what is older than this when the process is killed must be there


@pytest.fixture
def path(tmp_path):
    return tmp_path / "robot.sqlite"


class Gate(Store):
    """A store that waits before it writes."""

    def __init__(self, path) -> None:
        super().__init__(path)
        self.opened, self.asked = threading.Event(), threading.Event()

    def append(self, moments, model=""):
        self.asked.set()
        assert self.opened.wait(10.0)
        return super().append(moments, model)


def test_episodes_moments_and_names_are_written_in_order(path):
    writer = MemoryWriter(lambda: Store(path), MODEL, queue=100)
    writer.begin(Episode("reach", "nothing came of it"))
    for task in ("reach", "push"):
        writer.begin(Episode(task, "goal"))
        for number in range(3):
            assert writer.add(moment(number), name=f"{task} {number}" if number == 2 else "")
        writer.end("arrived")
    writer.close()
    assert writer.figures.written == 6 and writer.figures.dropped == writer.figures.waiting == 0
    with MemoryReader(path) as memory:
        assert list(memory.episodes().values()) == [
            Episode("reach", "goal", "arrived"),
            Episode("push", "goal", "arrived"),
        ], "an episode without moments is none"
        assert memory.names() == {"push 2": 6, "reach 2": 3}
        assert [m.moment.stamp_ns for m in memory.moments(memory.ids())] == [
            moment(n).stamp_ns for n in (0, 1, 2, 0, 1, 2)
        ]
        assert len(memory.states(MODEL)[0]) == 6


def test_a_full_queue_drops_and_counts_but_keeps_what_has_a_name(path):
    store = Gate(path)
    writer = MemoryWriter(lambda: store, MODEL, queue=4)
    writer.begin(Episode("reach"))
    writer.add(moment(0))
    assert store.asked.wait(10.0), "one is being written: the queue is empty"
    taken = [writer.add(moment(number)) for number in range(1, 8)]
    assert taken == [True] * 4 + [False] * 3
    assert writer.add(moment(9), name="home"), "people wait for it"
    assert writer.figures.waiting == 5 and writer.figures.dropped == 3
    for number in range(MOST_NAMED + 10):
        writer.add(moment(number), name=f"place {number}")
    assert writer.figures.waiting == 4 + MOST_NAMED
    store.opened.set()
    writer.close()
    figures = writer.figures
    assert figures.written == 1 + 4 + MOST_NAMED and figures.dropped == 3 + 11
    with MemoryReader(path) as memory:
        assert memory.named("home").moment.stamp_ns == moment(9).stamp_ns


def test_a_disk_that_fills_up_is_told_and_it_goes_on_when_there_is_room(path):
    class Full(Store):
        full = True

        def append(self, moments, model=""):
            if self.full:
                raise OutputError(f"{self.path}: cannot be written (full); expected free disk space")
            return super().append(moments, model)

    store = Full(path)
    writer = MemoryWriter(lambda: store, MODEL, queue=100)
    writer.begin(Episode("reach"))
    writer.add(moment(0))
    until(lambda: writer.figures.dropped == 1)
    assert "expected free disk space" in writer.figures.problem
    store.full = False
    writer.add(moment(1))
    until(lambda: writer.figures.written == 1)
    assert writer.figures.problem == ""
    writer.close()


def test_a_file_that_cannot_be_opened_at_first_is_tried_again(tmp_path):
    path = tmp_path / "folder" / "robot.sqlite"
    path.parent.write_text("a file where the folder shall be")
    writer = MemoryWriter(lambda: Store(path), MODEL, queue=100)
    writer.begin(Episode("reach", "cup"))
    writer.add(moment(0))
    until(lambda: writer.figures.dropped == 1)
    assert "expected a writable folder" in writer.figures.problem
    path.parent.unlink()
    writer.add(moment(1))
    until(lambda: writer.figures.written == 1)
    writer.close()
    assert writer.figures.problem == ""
    with MemoryReader(path) as memory:
        assert list(memory.episodes().values()) == [Episode("reach", "cup")]


def test_what_nobody_foresaw_is_told_and_it_goes_on(path):
    writer = MemoryWriter(lambda: Store(path), MODEL, queue=100)
    writer.begin(Episode("reach"))
    writer.add(moment(0, images=None))
    until(lambda: writer.figures.dropped == 1)
    assert writer.figures.problem.startswith("AttributeError: ")
    writer.add(moment(1))
    until(lambda: writer.figures.written == 1)
    writer.close()
    assert writer.figures.problem == ""


def test_how_an_episode_ended_outlives_a_full_disk(path):
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)  # of several pages
    opened = []

    def full() -> Store:
        store = Store(path)
        store._database.execute(f"PRAGMA max_page_count = {store.bytes // 4096}")
        opened.append(store)
        return store

    writer = MemoryWriter(full, MODEL, queue=100)
    writer.begin(Episode("reach", "cup"))
    writer.add(moment(0, images={"camera": image}))
    writer.end("arrived")
    until(lambda: writer.figures.dropped == 1)
    assert "expected free disk space" in writer.figures.problem
    opened[0]._database.execute("PRAGMA max_page_count = 100000")
    writer.add(moment(1))
    writer.close()
    with MemoryReader(path) as memory:
        assert list(memory.episodes().values()) == [Episode("reach", "cup", "arrived")]
        assert len(memory.ids()) == 1


def test_an_episode_goes_on_when_what_was_there_of_it_is_forgotten(path):
    writer = MemoryWriter(lambda: Store(path), MODEL, queue=100)
    writer.begin(Episode("reach", "cup"))
    writer.add(moment(0))
    until(lambda: writer.figures.written == 1)
    with Store(path) as other:
        assert other.forget(other.ids()) == 1 and not other.episodes()
    writer.add(moment(1), name="home")
    writer.add(moment(2))
    writer.end("arrived")
    writer.close()
    assert (writer.figures.written, writer.figures.dropped, writer.figures.problem) == (3, 0, "")
    with MemoryReader(path) as memory:
        assert list(memory.episodes().values()) == [Episode("reach", "cup", "arrived")]
        assert len(memory.ids()) == 2 and memory.named("home").moment.stamp_ns == moment(1).stamp_ns


def test_what_it_was_handed_is_on_disk_within_a_second(path):
    writer = MemoryWriter(lambda: Store(path), MODEL, queue=100)
    writer.begin(Episode("reach"))
    writer.add(moment(0))
    until(lambda: writer.figures.written == 1)
    with MemoryReader(path) as memory:
        assert memory.ids() == [1]
    writer.close()


def until(true, patience_s: float = 10.0) -> None:
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_process_loses_at_most_the_last_second_and_damages_nothing(path, kill):
    """`python -m benchmarks kills` does it a hundred times."""
    lives_s = NO_SOONER_S + np.random.default_rng(kill).uniform(0.0, 3 * GATHER_S)
    stamps, killed_ns = lived_and_died(path, lives_s, EACH_S)
    handed = len(stamps)
    with Store(path) as store:  # a writer repairs what is left
        assert store.is_whole()
        kept = [found.moment.stamp_ns for found in store.moments(store.ids())]
    assert kept == sorted(kept) and 0 < len(kept) <= handed + 1
    missing = handed - len(kept)
    assert missing == 0 or kept[-1] > killed_ns - NO_SOONER_S * 1e9
