# SPDX-License-Identifier: Apache-2.0
"""`ami-ros augment`: from recordings to a data set that `ami-ros train` takes."""

from __future__ import annotations

import dataclasses

import numpy as np
from command import error_line
from small_data import record

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.episodes.episode import episode_path, list_episodes, write_episode
from ami_ros.episodes.event import list_events

FEW = ("--looks", 1, "--double-exposures", 2, "--oddities", 1, "--event-pairs", 1)


def write_recordings(folder, count=5):
    for index in range(count):
        plain = dataclasses.replace(record(index, steps=15), look=np.asarray(0, dtype=np.int64))
        write_episode(episode_path(folder, index), plain)


def test_it_says_what_comes_next(tmp_path, ami_ros_here):
    write_recordings(tmp_path / "data")
    done = ami_ros_here("augment", "--data", tmp_path / "data", *FEW)
    out = tmp_path / "data_augmented"
    assert done.returncode == 0, done.stderr
    assert f"Next: ami-ros train --data {out}" in done.stdout
    assert len(list_episodes(out)) == 10 and len(list_events(out)) == 8
    assert len(DOUBLE_EXPOSURE_FILES.finished(out)) == 2


def test_recordings_may_be_where_one_is(tmp_path, ami_ros_here, monkeypatch):
    write_recordings(tmp_path / "data")
    monkeypatch.chdir(tmp_path / "data")
    done = ami_ros_here("augment", "--data", ".", *FEW)
    assert done.returncode == 0, done.stderr
    assert len(list_episodes(tmp_path / "data_augmented")) == 10


def test_mistakes_end_with_one_line(tmp_path, ami_ros_here):
    assert "no episodes" in error_line(ami_ros_here("augment", "--data", tmp_path / "none"))
    write_recordings(tmp_path / "data")
    same = ami_ros_here("augment", "--data", tmp_path / "data", "--out", tmp_path / "data", *FEW)
    assert "expected a folder other than that of the recordings" in error_line(same)
    assert "looks: got -1" in error_line(ami_ros_here("augment", "--data", tmp_path / "data", "--looks", -1))
