# SPDX-License-Identifier: Apache-2.0
"""A recorded event on disk: a clip in which something impossible happens, or its possible twin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ami_ros.episodes.episode import EpisodeRecord, checked_episode, episode_arrays
from ami_ros.episodes.npz import check_names, read_npz, write_npz
from ami_ros.errors import EpisodeError

FORMAT_VERSION = 2
STRANGER = "stranger"  # kind of the clips with an object unseen in training: odd, but possible
LABELS = {"kind": "U", "possible": "b", "event_step": "i", "pair": "i"}  # name -> kind of NumPy type


@dataclass(frozen=True, eq=False)
class EventRecord:
    """One clip of a pair with the same start, the same actions and the same camera.

    Attributes:
        episode: the clip.
        kind: event in the impossible clip.
        possible: whether this is the clip without the event.
        event_step: index of the first observation that shows it, in both clips. Before it, both clips are
            identical, to the bit. 0: from the start.
        pair: number of the pair, from 0, for each kind.
    """

    episode: EpisodeRecord
    kind: str
    possible: bool
    event_step: int
    pair: int


def event_path(folder: Path, kind: str, pair: int, possible: bool) -> Path:
    """Return the path of a clip below a data set's folder."""
    side = "possible" if possible else "impossible"
    return folder / "events" / f"{kind}_{pair:04d}_{side}.npz"


def write_event(folder: Path, record: EventRecord) -> Path:
    """Write one clip below a data set's folder, whole or not at all; return its path."""
    path = event_path(folder, record.kind, record.pair, record.possible)
    labels = {name: np.asarray(getattr(record, name)) for name in LABELS}
    write_npz(path, FORMAT_VERSION, {**episode_arrays(record.episode), **labels})
    return path


def read_event(path: Path) -> EventRecord:
    """Read one clip.

    Raises:
        EpisodeError: missing, truncated, of another format version, or inconsistent.
    """
    content = read_npz(path, FORMAT_VERSION)
    check_names(path, content, {*content, *LABELS})
    labels = {name: content.pop(name) for name in LABELS}
    for name, kind in LABELS.items():
        if labels[name].shape != () or labels[name].dtype.kind != kind:
            got = f"{labels[name].dtype} {labels[name].shape}"
            raise EpisodeError(f"{path}: {name}: got {got}, expected one value of kind {kind!r}")
    episode = checked_episode(path, content)
    step = int(labels["event_step"])
    if not 0 <= step <= len(episode.actions):
        raise EpisodeError(f"{path}: event_step: got {step}, expected 0 to {len(episode.actions)}")
    return EventRecord(episode, str(labels["kind"]), bool(labels["possible"]), step, int(labels["pair"]))


def list_events(folder: Path) -> list[Path]:
    """Return the finished clips of a data set in order; none if it has none."""
    return sorted((Path(folder) / "events").glob("*_*ossible.npz"))
