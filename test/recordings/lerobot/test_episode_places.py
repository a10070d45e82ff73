# SPDX-License-Identifier: Apache-2.0
"""Places in videos that contradict each other, or the lengths of episodes, are those of no pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow as pa
import pyarrow.parquet as pq
from lerobot_data import FPS, LENGTHS, MADE

from ami_ros.recordings.lerobot.episode_places import MOST_NUMBER, EpisodePlace, VideoPlace, read_places

VIDEO = "observation.images.wrist"
LENGTH = 20  # frames of each of some episodes, a second
FILE = "meta/episodes/chunk-000/file-000.parquet"
DATA, MP4 = "data/chunk-000/file-000.parquet", f"videos/{VIDEO}/chunk-000/file-000.mp4"


def row(number, begin_s, end_s, length=LENGTH, file=0, **changes):
    return {
        "episode_index": number,
        "length": length,
        "data/chunk_index": 0,
        "data/file_index": file,
        f"videos/{VIDEO}/chunk_index": 0,
        f"videos/{VIDEO}/file_index": file,
        f"videos/{VIDEO}/from_timestamp": begin_s,
        f"videos/{VIDEO}/to_timestamp": end_s,
        **changes,
    }


def places(folder: Path, *rows, videos=(VIDEO,)):
    """Return what is believed of meta/episodes with these rows, and what is told."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    problems: list[str] = []
    return read_places(folder, videos, FPS, problems.append), problems


def with_pictures(folder: Path, *rows) -> tuple[list[int], list[str]]:
    """Return the episodes of which it is known where their pictures are, and what is told."""
    found, problems = places(folder, *rows)
    return [number for number, place in found.items() if place.videos], problems


def test_what_lerobot_wrote():
    problems: list[str] = []
    found = read_places(MADE, [VIDEO], FPS, problems.append)
    ends = [LENGTHS[0] / FPS, sum(LENGTHS) / FPS]
    assert problems == [] and list(found) == [0, 1]
    assert found[1] == EpisodePlace(DATA, LENGTHS[1], {VIDEO: VideoPlace(MP4, *map(pytest.approx, ends))})


def test_stretches_that_follow_each_other_are_believed(tmp_path):
    # A gap, another file, and times that a container rounds.
    rows = [row(0, 0.0, 1.0), row(1, 1.01, 2.03), row(2, 5.0, 5.95), row(3, 0.0, 1.0, file=1)]
    assert with_pictures(tmp_path, *rows) == ([0, 1, 2, 3], [])


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([row(at, 0.0, 0.0) for at in range(3)], [0, 1, 2]),
        ([row(at, 0.0, 1.0) for at in range(3)], [0, 1, 2]),
        ([row(0, 0.0, 1.0), row(1, 0.9, 1.9), row(2, 2.0, 3.0)], [0, 1]),
        ([row(2, 2.0, 3.0), row(1, 0.9, 1.9), row(0, 0.0, 1.0)], [0, 1]),
        # A long one around others, which do not overlap one another.
        ([row(0, 0.0, 5.0, 100), row(1, 1.0, 2.0), row(2, 3.0, 4.0), row(3, 5.0, 6.0)], [0, 1, 2]),
        # One that lasts as long as two is wrong itself, and says nothing of the others.
        ([row(0, 0.0, 2.0), row(1, 1.0, 2.0)], [0]),
        ([row(0, 0.0, 1.0), row(1, 1.0, 1.5), row(2, 2.0, 3.0)], [1]),
        ([row(0, 0.0, 1.0), row(1, 3.0, 2.0)], [1]),
    ],
    ids=range(8),
)
def test_stretches_that_contradict_each_other_or_their_lengths_are_not(tmp_path, rows, wrong):
    believed, problems = with_pictures(tmp_path, *rows)
    assert sorted([*believed, *wrong]) == list(range(len(rows)))
    (problem,) = problems
    assert problem.startswith(f"{MP4}: pictures of episodes {wrong} are left out: by meta/episodes")


@pytest.mark.parametrize(
    "begin_s", [float("inf"), float("-inf"), float("nan"), 1e300, 1e7, -0.1, None], ids=range(7)
)
def test_a_time_that_cannot_be_costs_the_pictures_of_its_episode(tmp_path, begin_s):
    believed, problems = with_pictures(tmp_path, row(0, 0.0, 1.0), row(1, begin_s, 2.0), row(2, 2.0, 3.0))
    assert believed == [0, 2]
    (problem,) = problems
    assert problem.startswith(f"{FILE}: episode 1 has no pictures: videos/{VIDEO}/from_timestamp: got ")


@pytest.mark.parametrize("name", ["length", "episode_index", "data/chunk_index", "data/file_index"])
@pytest.mark.parametrize("value", [-1.0, 0.5, 1e300, float("nan"), float("inf"), MOST_NUMBER + 1.0, None])
def test_a_number_that_cannot_be_costs_its_row(tmp_path, name, value):
    found, problems = places(tmp_path, row(0, 0.0, 1.0), row(1, 1.0, 2.0, **{name: value}), row(2, 2.0, 3.0))
    assert list(found) == [0, 2]
    (problem,) = problems
    assert problem.startswith(f"{FILE}: a row is left out: {name}: got ")


def test_an_episode_that_is_there_twice_is_nowhere(tmp_path):
    found, problems = places(
        tmp_path, row(0, 0.0, 1.0), row(1, 1.0, 2.0), row(1, 2.0, 3.0, 30), row(2, 3.0, 4.0)
    )
    assert list(found) == [0, 2]
    assert problems == [
        "meta/episodes: lists episodes [1] more than once, expected once; all of these entries are ignored"
    ]


def test_files_that_cannot_be_read_are_told(tmp_path):
    found, problems = places(tmp_path, {"length": 3})
    assert not found and problems == [f"{FILE}: has no episode_index, so none of its rows are usable"]
    (tmp_path / FILE).write_bytes(b"words")
    os.mkfifo(tmp_path / FILE.replace("000.p", "001.p"))
    (tmp_path / FILE.replace("000.p", "002.p")).mkdir()
    problems = []
    assert not read_places(tmp_path, [VIDEO], FPS, problems.append)
    assert [problem.partition(": ")[0][-11:] for problem in problems] == [
        f"00{at}.parquet" for at in range(3)
    ]
    assert all("cannot be read: " in problem for problem in problems) and "not a regular file" in problems[1]


def test_columns_of_another_type_are_told(tmp_path):
    found, problems = places(tmp_path, row("zero", 0.0, 1.0), row("one", 1.0, 2.0))
    assert not found and "episode_index: got a column of string, expected 1 numbers in a row" in problems[0]
