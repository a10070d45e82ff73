# SPDX-License-Identifier: Apache-2.0
"""Episodes on disk: whole or not at all, and nothing in them is ever run."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from small_data import ACTION, JOINTS, OBJECTS, SIDE, STEPS, record, write_episodes

from ami_ros.data.episode import FORMAT_VERSION, EpisodeRecord, list_episodes, read_episode, write_episode
from ami_ros.errors import EpisodeError

FIELDS = [field.name for field in dataclasses.fields(EpisodeRecord)]


@pytest.fixture
def path(tmp_path):
    return write_episodes(tmp_path, 1)[0]


def save(path, **changes) -> None:
    """Write an episode with some arrays replaced, or (None) left out."""
    arrays = {"format_version": np.int64(FORMAT_VERSION), **vars(record(0)), **changes}
    with path.open("wb") as file:
        np.savez(file, **{name: value for name, value in arrays.items() if value is not None})


def test_round_trip(path):
    read, expected = read_episode(path), record(0)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))
        assert getattr(read, name).dtype == getattr(expected, name).dtype
    assert read.images.shape == (STEPS + 1, SIDE, SIDE, 3)
    assert read.joint_position.shape == (STEPS + 1, JOINTS)
    assert read.actions.shape == (STEPS, ACTION)
    assert read.objects.shape == (STEPS + 1, OBJECTS, 3)


def test_the_same_record_gives_the_same_bytes(tmp_path):
    one, other = (write_episodes(tmp_path / name, 1)[0] for name in ("a", "b"))
    assert read_episode(one).images.tobytes() == read_episode(other).images.tobytes()


def test_writing_leaves_no_other_file(path):
    write_episode(path, record(1))
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(read_episode(path).actions, record(1).actions)


def test_a_write_that_fails_leaves_the_old_file(path, monkeypatch):
    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        write_episode(path, record(1))
    np.testing.assert_array_equal(read_episode(path).actions, record(0).actions)
    assert list_episodes(path.parent) == [path]


def test_half_written_and_foreign_files_do_not_count(tmp_path):
    paths = write_episodes(tmp_path, 3)
    (tmp_path / "episode_000007.partial").write_bytes(b"half")
    (tmp_path / "notes.npz").write_bytes(b"")
    assert list_episodes(tmp_path) == paths


def test_no_episodes_says_what_to_do(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            EpisodeError, match=r"no episodes \(episode_\*.npz\); run `ami-ros collect` first"
        ):
            list_episodes(folder)


def test_a_missing_file(tmp_path):
    with pytest.raises(EpisodeError, match="not a readable episode"):
        read_episode(tmp_path / "episode_000000.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.9, -1])
def test_a_truncated_file(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(EpisodeError, match=r"episode_000000.npz: not a readable episode .* record it again"):
        read_episode(path)


def test_a_damaged_file_is_an_episode_error_or_unharmed(path):
    """A flipped byte anywhere: whatever zipfile, zlib and numpy make of it, only EpisodeError comes out."""
    data, errors = path.read_bytes(), 0
    for place in range(0, len(data), max(1, len(data) // 400)):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            read_episode(path)
        except EpisodeError:
            errors += 1
    assert errors > 300


@pytest.mark.parametrize("kind", ["object array", "pickle", "npy", "text"])
def test_nothing_in_a_file_is_run(path, kind, tmp_path):
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return (trap.write_text, ("run",))

    if kind == "object array":
        save(path, actions=np.array([Trap()], dtype=object))
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Trap()))
    elif kind == "npy":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        path.write_text("hello")
    with pytest.raises(EpisodeError, match="not a readable episode"):
        read_episode(path)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tip": None}, "got arrays .*expected .*'tip'"),
        ({"extra": np.zeros(1)}, "got arrays .*'extra'"),
        ({"format_version": None}, "expected .*'format_version'"),
        ({"format_version": np.int64(1)}, "format version 1, expected 2"),
        ({"format_version": np.array([2, 2])}, "expected 2"),
        ({"format_version": np.array("two")}, "expected 2"),
        ({"tip": np.zeros((STEPS, 3), np.float32)}, "tip has 9 entries, expected 10"),
        ({"images": np.zeros((STEPS + 2, 4, 4, 3), np.uint8)}, "images has 11 entries"),
        ({"images": np.zeros((STEPS + 1, 4, 4, 3), np.float32)}, "images: got float32"),
        (
            {"images": np.zeros((STEPS + 1, 4, 4), np.uint8)},
            "images: got uint8 .*expected uint8 with 4 dimensions",
        ),
        ({"actions": np.zeros((STEPS, 3))}, "actions: got float64"),
        ({"objects": np.zeros((STEPS, OBJECTS, 3), np.float32)}, "objects has 9 entries, expected 10"),
        ({"objects": np.zeros((STEPS + 1, 3), np.float32)}, "objects: got float32 .*3 dimensions"),
        ({"actions": np.float32(1.0)}, r"actions: got float32 \(\)"),
        (
            {"joint_velocity": np.zeros((STEPS + 1, JOINTS - 1), np.float32)},
            r"joint_velocity: .*expected \(\.\.\., 4\)",
        ),
        ({"tip": np.zeros((STEPS + 1, 2), np.float32)}, r"tip: got shape \(10, 2\), expected \(\.\.\., 3\)"),
        ({"images": np.zeros((STEPS + 1, SIDE, SIDE, 4), np.uint8)}, "images: got shape"),
        ({"images": np.zeros((STEPS + 1, 0, SIDE, 3), np.uint8)}, "got no steps, pixels, joints or actions"),
        ({"actions": np.full((STEPS, ACTION), np.nan, np.float32)}, "actions: got NaN or infinity"),
        (
            {"joint_position": np.full((STEPS + 1, JOINTS), np.inf, np.float32)},
            "joint_position: got NaN or inf",
        ),
    ],
)
def test_arrays_that_do_not_fit(path, changes, message):
    save(path, **changes)
    with pytest.raises(EpisodeError, match=message):
        read_episode(path)
