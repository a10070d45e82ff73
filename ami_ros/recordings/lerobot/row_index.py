# SPDX-License-Identifier: Apache-2.0
"""Which rows of a LeRobotDataset are usable: their numbers and times agree, and they occur once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ami_ros.errors import shown
from ami_ros.recordings.lerobot.episode_places import MOST_NUMBER, MOST_S, EpisodePlace
from ami_ros.recordings.lerobot.layout import EPISODE, FRAME, TIMESTAMP
from ami_ros.types import FloatArray

MOST_PIECES = 4  # of an episode, where rows falsely claim to belong to another one
ELSEWHERE = "meta/episodes places them in another file"
AGAIN = f"they occur more than once, in several files, or in more than {MOST_PIECES} pieces"
LONGER = "they have more rows than meta/episodes says"


class Numbers(NamedTuple):
    """Numbers that N rows report.

    Attributes:
        episodes: (N,) int64 episode of each row.
        frames: (N,) int64 within the episode.
        times_s: (N,) from the episode's beginning.
        usable: (N,) whether each number is valid and the time matches the frame.
    """

    episodes: NDArray[np.int64]
    frames: NDArray[np.int64]
    times_s: FloatArray
    usable: NDArray[np.bool_]


def numbers_of(batch: pa.RecordBatch, fps: float) -> Numbers:
    """Return the numbers of rows; without frame_index, the frame follows from the time."""
    episodes, times_s = _floats(batch, EPISODE), _floats(batch, TIMESTAMP)
    frames = _floats(batch, FRAME) if FRAME in batch.schema.names else np.round(times_s * fps)
    with np.errstate(invalid="ignore", over="ignore"):
        usable = (np.abs(times_s) <= MOST_S) & (np.abs(times_s * fps - frames) <= 0.5)
    for values in (episodes, frames):
        usable &= (values >= 0.0) & (values <= MOST_NUMBER) & (values == np.floor(values))
    kept = [np.where(usable, values, 0.0) for values in (episodes, frames, times_s)]
    return Numbers(kept[0].astype(np.int64), kept[1].astype(np.int64), kept[2], usable)


def stretches(episodes: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return begin and end of each stretch of rows of the same episode."""
    borders = [0, *(np.flatnonzero(np.diff(episodes)) + 1).tolist(), len(episodes)]
    return [(begin, end) for begin, end in itertools.pairwise(borders) if end > begin]


@dataclass
class _Found:
    """Rows of one episode.

    Attributes:
        file: that contains them.
        last: frame of the last one.
        rows: their number.
        pieces: their number, with rows of other episodes between them.
    """

    file: str
    last: int = -1
    rows: int = 0
    pieces: int = 0


class RowIndex:
    """Checks the numbers of all rows before any is used.

    Args:
        places: where the known episodes are.
    """

    def __init__(self, places: Mapping[int, EpisodePlace]) -> None:
        self._places = places
        self._found: dict[int, _Found] = {}
        self._wrong: dict[str, set[int]] = {ELSEWHERE: set(), AGAIN: set(), LONGER: set()}
        self._unusable: Counter[str] = Counter()
        self._at: tuple[str, int] | None = None

    def see(self, file: str, rows: Numbers) -> None:
        """Index the next rows of a file."""
        self._unusable[file] += int(np.sum(~rows.usable))
        episodes, frames = rows.episodes[rows.usable], rows.frames[rows.usable]
        for begin, end in stretches(episodes):
            self._see(file, int(episodes[begin]), frames[begin:end])

    def uses(self, file: str, episode: int) -> bool:
        """Return whether the rows of an episode in a file are usable."""
        found = self._found.get(episode)
        wrong = episode in self._wrong[AGAIN] or episode in self._wrong[LONGER]
        return found is not None and found.file == file and not wrong

    def problems(self) -> list[str]:
        """Return what was left out, for people."""
        lines = [
            f"{file}: {count} rows are left out: expected valid episode and frame numbers, and the frame's "
            "time"
            for file, count in self._unusable.items()
            if count
        ]
        lines += [
            f"rows of episodes {shown(sorted(episodes))} are left out: {why}"
            for why, episodes in self._wrong.items()
            if episodes
        ]
        if self._places and (unknown := sorted(self._found.keys() - self._places.keys())):
            lines.append(f"meta/episodes does not list episodes {shown(unknown)}")
        if short := sorted(self._short()):
            lines.append(f"episodes {shown(short)} have fewer rows than meta/episodes says")
        return lines

    def _see(self, file: str, episode: int, frames: NDArray[np.int64]) -> None:
        begins, self._at = self._at != (file, episode), (file, episode)
        place = self._places.get(episode)
        if place is not None and place.data != file:
            self._wrong[ELSEWHERE].add(episode)
            return
        found = self._found.setdefault(episode, _Found(file))
        found.pieces += begins
        back = (np.diff(frames, prepend=found.last) <= 0).any()
        if back or found.file != file or found.pieces > MOST_PIECES:
            self._wrong[AGAIN].add(episode)
        if place is not None and frames[-1] >= place.length:
            self._wrong[LONGER].add(episode)
        found.last = int(frames[-1])
        found.rows += len(frames)

    def _short(self) -> Iterator[int]:
        """Yield the episodes with missing rows, in readable files."""
        for number in self._found.keys() | self._places.keys():
            found, place = self._found.get(number), self._places.get(number)
            if found is None:
                if place is not None and place.data in self._unusable:
                    yield number
            elif found.rows < max(found.last + 1, 0 if place is None else place.length):
                yield number


def _floats(batch: pa.RecordBatch, name: str) -> FloatArray:
    values = pc.cast(batch.column(name), pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
