# SPDX-License-Identifier: Apache-2.0
"""Events on disk: what is written is read, and what is damaged is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ami_ros.episodes.episode import EpisodeRecord, episode_arrays
from ami_ros.episodes.event import (
    FORMAT_VERSION,
    EventRecord,
    event_path,
    list_events,
    read_event,
    write_event,
)
from ami_ros.episodes.npz import write_npz
from ami_ros.episodes.recorded_body import RecordedBody
from ami_ros.errors import EpisodeError

STEPS, SIDE, JOINTS, ACTIONS, OBJECTS, STEP = 5, 8, 7, 2, 1, 3


def event(possible: bool = True, step: int = STEP) -> EventRecord:
    generator = np.random.default_rng(0)

    def values(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    episode = EpisodeRecord(
        images={"eye": generator.integers(0, 256, size=(STEPS + 1, SIDE, SIDE, 3), dtype=np.uint8)},
        vectors={"joints": values(STEPS + 1, 2 * JOINTS)},
        actions=values(STEPS, ACTIONS),
        truth={"tip": values(STEPS + 1, 3), "objects": values(STEPS + 1, OBJECTS, 3)},
        look=np.asarray(4, dtype=np.int64),
        body=RecordedBody(("eye",), {"joints": tuple("abcdefghijklmn")}, ("x", "y")),
    )
    return EventRecord(episode, "teleport", possible, step, pair=11)


@pytest.mark.parametrize("possible", [True, False])
def test_a_written_event_is_read_back(tmp_path: Path, possible: bool):
    written = event(possible)
    path = write_event(tmp_path, written)
    assert path == event_path(tmp_path, "teleport", 11, possible)
    read = read_event(path)
    assert (read.kind, read.possible, read.event_step, read.pair) == ("teleport", possible, STEP, 11)
    assert read.episode.body == written.episode.body
    for name, array in episode_arrays(read.episode).items():
        np.testing.assert_array_equal(array, episode_arrays(written.episode)[name])


def test_both_clips_of_a_pair_are_listed_and_nothing_else(tmp_path: Path):
    assert list_events(tmp_path) == []
    paths = {write_event(tmp_path, event(possible)) for possible in (True, False)}
    (tmp_path / "events" / "dataset.json").write_text("{}")
    (tmp_path / "events" / "teleport_0012_possible.partial").write_bytes(b"half")
    assert set(list_events(tmp_path)) == paths


def test_damaged_events_are_refused(tmp_path: Path):
    path = write_event(tmp_path, event())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EpisodeError, match="not a readable episode"):
        read_event(path)
    with pytest.raises(EpisodeError, match="not a readable episode"):
        read_event(tmp_path / "missing.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event_step": np.asarray(STEPS + 1)}, "event_step: got 6, expected 0 to 5"),
        ({"event_step": np.asarray([1, 2])}, "event_step: got int64"),
        ({"possible": np.asarray(1.0)}, "possible: got float64"),
        ({"truth.tip": np.zeros((STEPS, 3), dtype=np.float32)}, "truth.tip: got float32"),
        ({"image.eye": np.zeros((STEPS + 1, 8, 8, 3), dtype=np.float32)}, "image.eye: got float32"),
        ({"kind": None}, "got arrays .*expected .*'kind'"),
        ({"more": np.asarray(1)}, "got arrays"),
    ],
)
def test_inconsistent_events_are_refused(tmp_path: Path, changes: dict[str, np.ndarray], message: str):
    labels = {name: np.asarray(getattr(event(), name)) for name in ("kind", "possible", "event_step", "pair")}
    path = tmp_path / "event.npz"
    arrays = {**episode_arrays(event().episode), **labels, **changes}
    write_npz(path, FORMAT_VERSION, {name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(EpisodeError, match=message):
        read_event(path)
