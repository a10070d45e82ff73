# SPDX-License-Identifier: Apache-2.0
"""A data set in which files, rows and what is said of them contradict each other gives what is not in doubt."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow as pa
import pyarrow.parquet as pq
from lerobot_changed import DATA, EPISODES, copied, with_info, with_rows
from lerobot_data import LENGTHS, episode

from ami_ros.errors import EpisodeError
from ami_ros.recordings.lerobot.dataset_input import DatasetInput

STATE, FRONT = "observation.state", "observation.images.front"


def rows_of(path: Path, features=(STATE, FRONT)) -> tuple[dict[int, int], list[str]]:
    """Return how many rows of which episode there are, all of them right, and what is told."""
    data, counts = DatasetInput(path), Counter[int]()
    for rows in data.rows(features):
        frames = np.round(rows.times_s * data.info.fps).astype(int)
        if STATE in rows.numbers:
            there = np.isfinite(rows.numbers[STATE]).all(axis=1)
            expected = episode(rows.episode)[STATE][frames]
            np.testing.assert_array_equal(rows.numbers[STATE][there], expected[there])
        counts[rows.episode] += len(frames)
    return dict(counts), data.problems


WHOLE = dict(enumerate(LENGTHS))


def test_what_lerobot_wrote(tmp_path):
    assert rows_of(copied(tmp_path / "set")) == (WHOLE, [])


def test_a_bad_cell_costs_its_row(tmp_path):
    def change(rows):
        rows[3]["timestamp"] = float("nan")
        rows[5]["frame_index"] = 2**40
        rows[-1]["episode_index"] = -3
        rows[7][STATE] = [1.0]
        rows[9][STATE] = None

    counts, problems = rows_of(with_rows(tmp_path / "set", DATA, change))
    assert counts == {0: LENGTHS[0] - 2, 1: LENGTHS[1] - 1}
    assert problems == [
        f"{DATA}: 3 rows are left out: expected valid episode and frame numbers, and the frame's time",
        "episodes [0, 1] have fewer rows than meta/episodes says",
        f"got 2 of 2 episodes, {sum(LENGTHS) - 3} of {sum(LENGTHS)} frames",
    ]


def test_an_episode_that_is_copied_into_another_file_is_used_once(tmp_path):
    path = copied(tmp_path / "set")
    shutil.copy(path / DATA, path / DATA.replace("file-000", "file-001"))
    counts, problems = rows_of(path)
    assert counts == WHOLE
    assert problems == ["rows of episodes [0, 1] are left out: meta/episodes places them in another file"]
    shutil.rmtree(path / "meta/episodes")
    with pytest.raises(EpisodeError, match="rows of episodes .0, 1. are left out: they occur more than once"):
        rows_of(path)


def test_an_episode_of_which_nothing_is_there_is_told(tmp_path):
    path = with_rows(tmp_path / "set", EPISODES, lambda rows: [*rows, {**rows[-1], "episode_index": 5}])
    counts, problems = rows_of(path)
    assert counts == WHOLE and "episodes [5] have fewer rows than meta/episodes says" in problems
    path = with_rows(tmp_path / "other", DATA, lambda rows: [row for row in rows if row["episode_index"]])
    counts, problems = rows_of(path)
    assert counts == {1: LENGTHS[1]}
    assert problems[-1] == f"got 1 of 2 episodes, {LENGTHS[1]} of {sum(LENGTHS)} frames"


def test_more_rows_than_are_said_to_be_there_are_told(tmp_path):
    path = with_info(tmp_path / "set", lambda info: info.update(total_episodes=1, total_frames=7))
    assert rows_of(path) == (WHOLE, [f"got 2 of 1 episodes, {sum(LENGTHS)} of 7 frames"])
    path = with_info(tmp_path / "none", lambda info: info.update(total_episodes=0, total_frames=-1))
    assert rows_of(path) == (WHOLE, ["meta/info.json: total_frames: got -1, expected 0 to 1.09951e+12"])


def test_what_is_no_file_is_told(tmp_path):
    path = copied(tmp_path / "set")
    os.mkfifo(path / DATA.replace("file-000", "file-001"))
    (path / DATA.replace("file-000", "file-002")).mkdir()
    (path / DATA).rename(path / "elsewhere")
    (path / DATA).symlink_to(path / "elsewhere")  # as in the cache of Hugging Face
    counts, problems = rows_of(path)
    assert counts == WHOLE
    assert [problem.partition(": ")[0][-16:] for problem in problems] == [
        f"file-00{at}.parquet" for at in (1, 2)
    ]
    assert all("cannot be read: " in problem for problem in problems)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["words"] * sum(LENGTHS)),
        pa.array([None] * sum(LENGTHS)),
        pa.array([[[1.0]]] * sum(LENGTHS)),
        pa.array([2**62] * sum(LENGTHS), pa.timestamp("ns")),
    ],
    ids=range(4),
)
@pytest.mark.parametrize("name", [STATE, FRONT, "timestamp"])
def test_a_column_of_another_type_is_told(tmp_path, column, name):
    path = copied(tmp_path / "set")
    table = pq.read_table(path / DATA)
    table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, path / DATA)
    data = DatasetInput(path)
    try:
        found = list(data.rows((STATE, FRONT)))
    except EpisodeError as error:
        assert "row groups are damaged" in str(error) or "rows are left out" in str(error)
        return
    missing = [picture is None for rows in found for picture in rows.pictures[FRONT]]
    assert all(missing) if name == FRONT else np.isnan(found[0].numbers[STATE]).all()
