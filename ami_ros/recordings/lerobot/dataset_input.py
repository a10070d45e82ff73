# SPDX-License-Identifier: Apache-2.0
"""Rows of a LeRobotDataset and the videos with their pictures: everything readable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ami_ros.errors import EpisodeError
from ami_ros.recordings.lerobot.episode_places import one_line, read_places
from ami_ros.recordings.lerobot.features import read_info
from ami_ros.recordings.lerobot.layout import EPISODE, FRAME, TIMESTAMP
from ami_ros.recordings.lerobot.lfs_pointer import ADVICE, is_pointer
from ami_ros.recordings.lerobot.parquet_input import PICTURES, ParquetInput
from ami_ros.recordings.lerobot.row_index import RowIndex, numbers_of, stretches
from ami_ros.types import FloatArray

BATCH = 64  # rows that are held in memory: each may have a large picture
MANY = 2**16  # rows of which only the numbers are held
MOST_LINES = 3  # files that are missing, one by one


@dataclass(frozen=True, eq=False)
class Rows:
    """N consecutive rows of one episode.

    Attributes:
        episode: its number.
        times_s: (N,) from the beginning of the episode.
        numbers: feature -> (N, n); NaN where a row has none.
        pictures: feature -> N files, JPEG or PNG; None where a row has none.
    """

    episode: int
    times_s: FloatArray
    numbers: Mapping[str, FloatArray]
    pictures: Mapping[str, Sequence[bytes | None]]


class DatasetInput:
    """A data set to read.

    Args:
        path: its folder.

    Attributes:
        info: its description.
        problems: what could not be read so far, for people.
        episodes: number -> where it is, of the episodes listed in meta/episodes.

    Raises:
        EpisodeError: its description cannot be read, or is of another version; or its files of rows are Git
            LFS pointers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info = read_info(path)
        self._files = sorted(
            path.relative_to(self.path).as_posix() for path in self.path.glob("data/*/*.parquet")
        )
        self.problems = list(self.info.problems)
        self._leave_out_pointers()
        videos = [name for name, feature in self.info.features.items() if feature.dtype == "video"]
        self.episodes = read_places(path, videos, self.info.fps, self.problems.append, self.info.layout)
        self._index = RowIndex(self.episodes)

    def rows(self, features: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows, with the values of these features; note what is missing.

        Raises:
            EpisodeError: no file of rows can be read.
        """
        places = Counter(place.data for place in self.episodes.values())
        # A template may say another folder than data/.
        files = sorted(
            {*self._files, *(file for file in places if (self.path / file).is_file())} - self._pointers
        )
        lost = sorted(places.keys() - set(files) - self._pointers)
        self.problems += [f"{file}: missing, with {places[file]} episodes" for file in lost[:MOST_LINES]]
        if more := lost[MOST_LINES:]:
            count = sum(places[file] for file in more)
            self.problems.append(f"{len(more)} more files of rows are missing, with {count} episodes")
        for file in files:
            self._look_at(file)
        self.problems += self._index.problems()
        seen: Counter[int] = Counter()
        for file in files:
            for rows in self._rows_of(file, features):
                seen[rows.episode] += len(rows.times_s)
                yield rows
        if not seen:
            why = "; ".join(self.problems) or "no file matches data/*/*.parquet"
            raise EpisodeError(f"{self.path}: no rows can be read: {why}")
        counts = (len(seen), self.info.episodes), (seen.total(), self.info.frames)
        if any(expected and got != expected for got, expected in counts):
            episodes, frames = (f"{got} of {expected or 'unknown'}" for got, expected in counts)
            self.problems.append(f"got {episodes} episodes, {frames} frames")

    def _leave_out_pointers(self) -> None:
        self._pointers = {file for file in self._files if is_pointer(self.path / file)}
        if not self._pointers:
            return
        first, count = min(self._pointers), f"{len(self._pointers)} of {len(self._files)} files of rows"
        if len(self._pointers) == len(self._files):
            raise EpisodeError(f"{self.path / first}: {ADVICE} ({count} are pointers)")
        self.problems.append(f"{first}: {ADVICE} ({count} are pointers)")

    def _look_at(self, file: str) -> None:
        """Index the numbers of all rows; unreadable ones are reported when the rows are read."""
        with suppress(Exception), ParquetInput(self.path / file) as parquet:
            columns = {name: 1 for name in (EPISODE, FRAME, TIMESTAMP) if name in parquet.names}
            for group in range(parquet.groups):
                with suppress(Exception):
                    for batch in parquet.batches(group, columns, MANY):
                        self._index.see(file, numbers_of(batch, self.info.fps))

    def _rows_of(self, file: str, features: Sequence[str]) -> Iterator[Rows]:
        try:
            parquet = ParquetInput(self.path / file)
        except Exception as error:  # pyarrow raises a dozen kinds on damaged files
            self.problems.append(f"{file}: cannot be read: {one_line(error)}")
            return
        with parquet:
            if missing := [name for name in (EPISODE, TIMESTAMP) if name not in parquet.names]:
                self.problems.append(f"{file}: has no {missing}, so none of its rows are usable")
                return
            if absent := [feature for feature in features if feature not in parquet.names]:
                self.problems.append(f"{file}: has no {absent}")
            wanted = [feature for feature in features if feature in parquet.names]
            yield from self._rows_in(file, parquet, wanted)

    def _rows_in(self, file: str, parquet: ParquetInput, features: Sequence[str]) -> Iterator[Rows]:
        columns = {name: 1 for name in (EPISODE, FRAME, TIMESTAMP) if name in parquet.names}
        for name in features:
            feature = self.info.features[name]
            columns[name] = PICTURES if feature.is_picture else feature.size
        damaged: list[str] = []
        for group in range(parquet.groups):
            try:
                for batch in parquet.batches(group, columns, BATCH):
                    yield from self._split(file, batch, features)
            except Exception as error:
                damaged.append(one_line(error))
        if damaged:
            count = f"{len(damaged)} of {parquet.groups} row groups"
            self.problems.append(f"{file}: {count} are damaged: {damaged[0]}")

    def _split(self, file: str, batch: pa.RecordBatch, features: Sequence[str]) -> Iterator[Rows]:
        """Yield the usable rows of a batch episode by episode."""
        own = numbers_of(batch, self.info.fps)
        kept = np.flatnonzero(own.usable)
        numbers, pictures = {}, {}
        for name in features:
            feature = self.info.features[name]
            if feature.is_picture:
                pictures[name] = [_file_of(cell) for cell in batch.column(name).to_pylist()]
            else:
                numbers[name] = _numbers(batch.column(name), feature.size)
        for begin, end in stretches(own.episodes[kept]):
            rows = kept[begin:end]
            if self._index.uses(file, episode := int(own.episodes[rows[0]])):
                yield Rows(
                    episode,
                    own.times_s[rows],
                    {name: values[rows] for name, values in numbers.items()},
                    {name: [files[row] for row in rows] for name, files in pictures.items()},
                )


def _numbers(column: pa.Array, size: int) -> FloatArray:
    """Return the values of a column (N, size); NaN in rows with another number of values."""
    cells = column.to_pylist()
    try:
        return np.asarray(cells, dtype=np.float64).reshape(len(cells), size)
    except (TypeError, ValueError, OverflowError):
        values: NDArray[np.float64] = np.full((len(cells), size), np.nan)
        for row, cell in enumerate(cells):
            try:
                values[row] = np.asarray(cell, dtype=np.float64).reshape(size)
            except (TypeError, ValueError, OverflowError):
                continue
        return values


def _file_of(cell: Any) -> bytes | None:
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    return data if isinstance(data, bytes) else None
