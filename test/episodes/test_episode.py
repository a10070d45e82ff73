# SPDX-License-Identifier: Apache-2.0
"""Episodes on disk: whole or not at all, and nothing in them is ever run."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from small_data import ACTION, JOINTS, OBJECTS, SIDE, STEPS, record, write_episodes

from ami_ros.episodes.episode import (
    FORMAT_VERSION,
    episode_arrays,
    list_episodes,
    read_episode,
    write_episode,
)
from ami_ros.errors import EpisodeError


@pytest.fixture
def path(tmp_path):
    return write_episodes(tmp_path, 1)[0]


def save(path, **changes) -> None:
    """Write an episode with some arrays replaced, or (None) left out."""
    arrays = {"format_version": np.int64(FORMAT_VERSION), **episode_arrays(record(0)), **changes}
    with path.open("wb") as file:
        np.savez(file, **{name: value for name, value in arrays.items() if value is not None})


def test_round_trip(path):
    read, expected = read_episode(path), record(0)
    assert read.body == expected.body
    found, written = episode_arrays(read), episode_arrays(expected)
    assert set(found) == set(written)
    for name, array in found.items():
        np.testing.assert_array_equal(array, written[name])
        assert array.dtype == written[name].dtype
    assert read.images["camera"].shape == (STEPS + 1, SIDE, SIDE, 3)
    assert read.vectors["joints"].shape == (STEPS + 1, 2 * JOINTS)
    assert read.actions.shape == (STEPS, ACTION)
    assert read.truth["objects"].shape == (STEPS + 1, OBJECTS, 3)


def test_what_was_meant_is_kept_only_where_it_is_given(tmp_path, path):
    assert read_episode(path).intended is None
    meant = record(0).actions + np.float32(0.1)
    write_episode(tmp_path / "meant.npz", dataclasses.replace(record(0), intended=meant))
    read = read_episode(tmp_path / "meant.npz")
    np.testing.assert_array_equal(read.intended, meant)
    np.testing.assert_array_equal(read.actions, record(0).actions)


def test_the_same_record_gives_the_same_bytes(tmp_path):
    one, other = (write_episodes(tmp_path / name, 1)[0] for name in ("a", "b"))
    assert one.read_bytes() == other.read_bytes()


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
        ({"image.camera": None}, "got arrays .*expected .*'image.camera'"),
        ({"vector.joints": None}, "got arrays .*expected .*'vector.joints'"),
        ({"actions": None}, "got arrays .*expected .*'actions'"),
        ({"body": None}, "got arrays .*expected .*'body'"),
        ({"extra": np.zeros(1)}, "got arrays .*'extra'"),
        ({"vector.force": np.zeros((STEPS + 1, 6), np.float32)}, "got arrays .*'vector.force'"),
        ({"format_version": None}, "format version none, expected 3"),
        ({"format_version": np.int64(2)}, "format version 2, expected 3; .*`ami-ros collect`, into another"),
        ({"format_version": np.array([3, 3])}, "expected 3"),
        ({"format_version": np.array("three")}, "expected 3"),
        ({"truth.tip": np.zeros((STEPS, 3), np.float32)}, r"truth.tip: got float32 \(9, 3\), .*\(10, 3\)"),
        ({"intended": np.zeros((STEPS, 1), np.float32)}, r"intended: got float32 \(9, 1\), .*\(9, 3\)"),
        ({"intended": np.full((STEPS, ACTION), np.nan, np.float32)}, "intended: got NaN"),
        ({"truth.tip": np.float32(0.0)}, r"truth.tip: got float32 \(\), .*\(10,\)"),
        ({"truth.tip": np.full((STEPS + 1, 3), np.inf, np.float32)}, "truth.tip: got NaN or infinity"),
        (
            {"image.camera": np.zeros((STEPS + 2, 4, 4, 3), np.uint8)},
            "image.camera: got 11 images, expected 10",
        ),
        ({"image.camera": np.zeros((STEPS + 1, 4, 4, 3), np.float32)}, "image.camera: got float32"),
        ({"image.camera": np.zeros((STEPS + 1, 4, 4), np.uint8)}, "image.camera: got uint8 .*expected uint8"),
        ({"image.camera": np.zeros((STEPS + 1, SIDE, SIDE, 4), np.uint8)}, "image.camera: got uint8"),
        ({"image.camera": np.zeros((STEPS + 1, 0, SIDE, 3), np.uint8)}, "expected images with pixels"),
        ({"actions": np.zeros((STEPS, ACTION))}, "actions: got float64"),
        ({"actions": np.float32(1.0)}, r"actions: got float32 \(\)"),
        ({"actions": np.zeros((STEPS, ACTION + 1), np.float32)}, r"actions: got .*expected float32 \(9, 3\)"),
        ({"actions": np.full((STEPS, ACTION), np.nan, np.float32)}, "actions: got NaN or infinity"),
        (
            {"vector.joints": np.zeros((STEPS + 1, 2 * JOINTS - 1), np.float32)},
            r"vector.joints: got float32 \(10, 7\), expected float32 \(10, 8\)",
        ),
        (
            {"vector.joints": np.full((STEPS + 1, 2 * JOINTS), np.inf, np.float32)},
            "vector.joints: got NaN or infinity",
        ),
        ({"look": np.float32(1.0)}, "look: got float32"),
        ({"body": np.asarray("{")}, "body: .*record it again"),
        ({"body": np.asarray("[]")}, "body: got "),
        (
            {"body": np.asarray('{"images": "camera", "vectors": {}, "channels": []}')},
            "body: .*list of texts",
        ),
        ({"body": np.asarray(3)}, "body: got int64"),
        ({"body": np.asarray('{"images": [], "vectors": {}, "channels": []}')}, "got arrays"),
    ],
)
def test_arrays_that_do_not_fit(path, changes, message):
    save(path, **changes)
    with pytest.raises(EpisodeError, match=message):
        read_episode(path)


def test_an_episode_without_steps_is_none(path):
    save(
        path,
        actions=np.zeros((0, ACTION), np.float32),
        **{name: array[:1] for name, array in episode_arrays(record(0)).items() if "." in name},
    )
    with pytest.raises(EpisodeError, match="got no steps"):
        read_episode(path)


def test_episodes_are_for_their_owner_alone(tmp_path):
    """There are pictures in them, which may show people."""
    (path,) = write_episodes(tmp_path, 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_can_be_none(tmp_path):
    with pytest.raises(EpisodeError, match=r"cannot be read|no episodes"):
        list_episodes(tmp_path / ("a" * 5000))
