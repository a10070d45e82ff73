# SPDX-License-Identifier: Apache-2.0
"""What a data set says of itself is taken at its word where it can be, and refused in a line where it cannot."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
from lerobot_changed import INFO, copied, with_info
from lerobot_data import FPS, LENGTHS, MADE

from ami_ros.errors import EpisodeError
from ami_ros.recordings.lerobot.features import MOST_INFO_BYTES, MOST_SHOWN, read_info

STATE = "observation.state"


def test_what_lerobot_wrote():
    info = read_info(MADE)
    assert (info.fps, info.episodes, info.frames, info.problems) == (FPS, len(LENGTHS), sum(LENGTHS), [])
    assert info.features[STATE].columns["joint_c.pos"] == [2]


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"fps": fps}
            for fps in (0, -1, 1e-300, 1e300, float("inf"), float("nan"), 10**400, None, "20", [])
        ),
        *({"features": features} for features in ([], None, {"a": None}, {"a": {}}, {"a": []})),
        {"features": {"\ud800": {"dtype": "float32", "shape": [1]}}},
        {"features": {"a\0b": {"dtype": "float32", "shape": [1]}}},
        {"features": {"a\nb": {"dtype": "float32", "shape": [1]}}},
        {"features": {"a": {"dtype": ["float32"], "shape": [1]}}},
        *(
            {"features": {"a": {"dtype": "float32", "shape": shape}}}
            for shape in (None, 3, [], [0], [-1], [2.5], [float("inf")], ["3"], [[3]], [10**400], [2] * 100)
        ),
        *({"codebase_version": version} for version in (None, 3, [], "v4.0", "v" * 10**6)),
    ],
    ids=range(35),
)
def test_what_cannot_be_is_refused_in_a_line(tmp_path, change):
    path = with_info(tmp_path / "set", lambda info: info.update(change))
    with pytest.raises(EpisodeError, match="got|expected|cannot be read") as caught:
        read_info(path)
    assert len(str(caught.value)) < 1000 and "\n" not in str(caught.value)


@pytest.mark.parametrize("count", [-1, float("inf"), float("nan"), 10**400, 2**62, "54", None, []])
def test_a_number_of_frames_that_cannot_be_is_told(tmp_path, count):
    info = read_info(with_info(tmp_path / "set", lambda info: info.update(total_frames=count)))
    assert info.frames == 0 and info.episodes == len(LENGTHS)
    (problem,) = info.problems
    assert problem.startswith(f"{INFO}: total_frames: got ")


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d", None],
        ["a", "b", "c", "d", 5],
        ["a", "b", "c", "d", ["e"]],
        ["a", "b", "c", "d", "\u202e"],
        ["a", "b", "c", "d", "\x1b[2J"],
        {"arm": {"left": ["a"]}},
        {"arm": ["a", "b", "c", "d", {"e": 1}]},
        "abcde",
        7,
    ],
    ids=range(10),
)
def test_names_that_cannot_be_are_none(tmp_path, names):
    info = read_info(with_info(tmp_path / "set", lambda info: info["features"][STATE].update(names=names)))
    assert info.features[STATE].names == () and info.problems == []


def test_names_may_be_grouped_and_given_twice(tmp_path):
    groups = {"left": ["a", "b"], "right": ["a", "b"], "hand": "c"}
    info = read_info(with_info(tmp_path / "set", lambda info: info["features"][STATE].update(names=groups)))
    # A name that is given twice is no label.
    labels = {"a_0": [0], "b_1": [1], "a_2": [2], "b_3": [3]}
    assert info.features[STATE].columns == {"a": [0, 2], "b": [1, 3], "c": [4], **labels}
    assert info.features[STATE].labels == ("a_0", "b_1", "a_2", "b_3", "c")


def test_a_message_does_not_have_all_of_many_names(tmp_path):
    count = 40_000
    numbers = {"dtype": "float32", "shape": [count], "names": [f"n{at}" for at in range(count)]}
    many = {f"f{at}": {"dtype": "float32", "shape": [1], "names": None} for at in range(MOST_SHOWN + 5)}
    begun = time.process_time()
    info = read_info(
        with_info(tmp_path / "set", lambda info: info.update(features={"long": numbers, **many}))
    )
    assert info.features["long"].columns[f"n{count - 1}"] == [count - 1]
    assert len(info.listed) < 2000 and info.listed.endswith("and 6 more") and "n29, ..." in info.listed
    assert time.process_time() - begun < 5.0


def test_a_file_that_takes_long_or_much_is_refused(tmp_path):
    path = copied(tmp_path / "set") / INFO

    def refusal() -> str:
        begun = time.process_time()
        with pytest.raises(EpisodeError, match="cannot be read") as caught:
            read_info(tmp_path / "set")
        assert time.process_time() - begun < 5.0
        return str(caught.value)

    path.write_text("{" + ",".join(f'"key {at // 2}": {at}' for at in range(200_000)) + "}")
    assert path.stat().st_size < MOST_INFO_BYTES and "twice, expected each once" in refusal()
    path.write_text("[" * MOST_INFO_BYTES)
    assert "nested too deeply" in refusal()
    with path.open("wb") as file:
        file.truncate(2**40)
    assert f"got {2**40} bytes, expected at most {MOST_INFO_BYTES}" in refusal()
    path.unlink()
    os.mkfifo(path)
    assert "not a regular file" in refusal()
    assert Path(tmp_path / "set").is_dir()
