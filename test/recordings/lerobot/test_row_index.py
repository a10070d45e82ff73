# SPDX-License-Identifier: Apache-2.0
"""Rows whose numbers contradict each other, or what is said of their episode, are left out, and it is said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow as pa

from ami_ros.recordings.lerobot.episode_places import EpisodePlace
from ami_ros.recordings.lerobot.row_index import AGAIN, ELSEWHERE, LONGER, MOST_PIECES, RowIndex, numbers_of

FPS, LENGTH = 20.0, 10


def batch(*rows: tuple[object, object, object]) -> pa.RecordBatch:
    names = ("episode_index", "frame_index", "timestamp")
    return pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def episode(number: int, frames=range(LENGTH)) -> list[tuple[object, object, object]]:
    return [(number, frame, frame / FPS) for frame in frames]


def looked_at(*files: list[tuple[object, object, object]], lengths: dict[int, int] | None = None) -> RowIndex:
    """Return what is found in files called 0, 1, ...; each episode is said to be in the one of its number."""
    index = RowIndex({n: EpisodePlace(str(n), length, {}) for n, length in (lengths or {}).items()})
    for number, rows in enumerate(files):
        for begin in range(0, len(rows), 7):  # as they are read: in pieces
            index.see(str(number), numbers_of(batch(*rows[begin : begin + 7]), FPS))
    return index


@pytest.mark.parametrize(
    "wrong",
    [
        (0, 1, float("nan")),
        (0, 1, float("inf")),
        (0, 1, 1e300),
        (0, 1, None),
        (0, 1, 0.0),  # the time of frame 0
        (0, 1, 0.1),
        (0, 1, -1.0),
        (0, -1, 0.05),
        (0, 0.5, 0.05),
        (0, None, 0.05),
        (0, float("inf"), 0.05),
        (0, 2**40, 2**40 / FPS),
        (-1, 1, 0.05),
        (0.5, 1, 0.05),
        (1e300, 1, 0.05),
        (None, 1, 0.05),
    ],
    ids=range(16),
)
def test_a_value_that_cannot_be_costs_its_row(wrong):
    rows = episode(0)
    rows[1] = wrong
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = numbers_of(batch(*rows), FPS)
        index = looked_at(rows, lengths={0: LENGTH})
    assert found.usable.tolist() == [True, False] + [True] * (LENGTH - 2)
    assert index.uses("0", 0)
    assert index.problems() == [
        "0: 1 rows are left out: expected valid episode and frame numbers, and the frame's time",
        "episodes [0] have fewer rows than meta/episodes says",
    ]


def test_times_are_kept_as_float32_and_may_be_real():
    rows = [(0, frame, float(np.float32(frame / FPS)) + 0.3 / FPS * (-1) ** frame) for frame in range(2000)]
    assert numbers_of(batch(*rows), FPS).usable.all()


def test_without_numbers_of_frames_the_times_tell():
    rows = batch(*episode(0)).drop_columns(["frame_index"])
    assert numbers_of(rows, FPS).frames.tolist() == list(range(LENGTH))


def test_whole_episodes_are_used():
    rows = [*episode(0), *episode(1)]
    index = looked_at(rows)
    assert index.problems() == [] and index.uses("0", 0) and index.uses("0", 1)
    assert not index.uses("1", 0) and not index.uses("0", 2)


@pytest.mark.parametrize(
    "again",
    [
        [*episode(0), *episode(1), *episode(0)],
        [*episode(0), *episode(0), *episode(1)],
        [*episode(0, [0, 1, 2, 4, 3, 5]), *episode(1)],
        [*episode(0, [0, 1, 1, 2]), *episode(1)],
        [(at % 2, at, at / FPS) for at in range(2 * MOST_PIECES + 2)],
    ],
    ids=range(5),
)
def test_rows_of_an_episode_that_are_there_again_are_not_used(again):
    index = looked_at(again)
    assert not index.uses("0", 0)
    assert any(problem == f"rows of episodes [0] are left out: {AGAIN}" for problem in index.problems()) or (
        f"rows of episodes [0, 1] are left out: {AGAIN}" in index.problems()
    )


def test_an_episode_is_in_one_file():
    index = looked_at(episode(0), episode(0, range(LENGTH, 2 * LENGTH)))
    assert not index.uses("0", 0) and f"rows of episodes [0] are left out: {AGAIN}" in index.problems()
    # Where that is said, the other rows are the wrong ones.
    index = looked_at(
        [*episode(0), *episode(1, [3])], [*episode(0), *episode(1)], lengths={0: LENGTH, 1: LENGTH}
    )
    assert index.uses("0", 0) and index.uses("1", 1) and not index.uses("1", 0) and not index.uses("0", 1)
    assert index.problems() == [f"rows of episodes [0, 1] are left out: {ELSEWHERE}"]


def test_a_row_that_says_that_it_is_of_another_episode_costs_no_more_than_it_must():
    rows = [*episode(0), *episode(1)]
    rows[4] = (1, 4, 4 / FPS)
    index = looked_at(rows)
    assert index.uses("0", 0) and not index.uses(
        "0", 1
    )  # which of the two frames 4 of the second is the right one?
    rows[4] = (7, 4, 4 / FPS)
    index = looked_at(rows, lengths={0: LENGTH})
    assert index.uses("0", 0)
    assert "meta/episodes does not list episodes [1, 7]" in index.problems()


def test_lengths_are_compared():
    index = looked_at(episode(0), lengths={0: LENGTH - 1})
    assert not index.uses("0", 0)
    assert index.problems() == [f"rows of episodes [0] are left out: {LONGER}"]
    index = looked_at(episode(0), episode(1, [0, 1, 4]), [], lengths={0: LENGTH + 1, 1: 5, 2: 5, 3: 5})
    assert index.uses("0", 0) and index.uses("1", 1)
    assert index.problems() == ["episodes [0, 1] have fewer rows than meta/episodes says"]
    # Without them, the numbers of frames tell.
    index = looked_at(episode(0, [0, 1, 4]))
    assert index.uses("0", 0) and index.problems() == ["episodes [0] have fewer rows than meta/episodes says"]
