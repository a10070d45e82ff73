# SPDX-License-Identifier: Apache-2.0
"""Rows of a LeRobotDataset v3, and which videos have their pictures: all that can be read."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ami_ros.data.lerobot.features import read_info
from ami_ros.data.lerobot.layout import DATA, EPISODE, TIMESTAMP, VIDEOS, FilePlace
from ami_ros.errors import EpisodeError
from ami_ros.types import FloatArray

BATCH = 64  # rows that are held in memory: each may have a large picture


class VideoPlace(NamedTuple):
    """Where the pictures of an episode are: a file, and from which time in it."""

    path: str
    from_s: float


class EpisodePlace(NamedTuple):
    """Where an episode is.

    Attributes:
        data: its file.
        length: its number of rows.
        videos: feature -> where its pictures are.
    """

    data: str
    length: int
    videos: Mapping[str, VideoPlace]


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows of one episode that follow each other.

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
        info: what it says of itself.
        problems: what could not be read so far, for people.
        episodes: number -> where it is, of the episodes that meta/episodes tells of.

    Raises:
        EpisodeError: what it says of itself cannot be read, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info = read_info(path)
        self.problems: list[str] = []
        self._videos = [name for name, feature in self.info.features.items() if feature.dtype == "video"]
        self.episodes = self._read_episodes()

    def rows(self, features: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows, with the values of these features; notes what is missing.

        Raises:
            EpisodeError: there is no file of rows that can be read.
        """
        files = {path.relative_to(self.path).as_posix() for path in self.path.glob("data/*/*.parquet")}
        lost = Counter(place.data for place in self.episodes.values() if place.data not in files)
        self.problems += [f"{file}: missing, with {count} episodes" for file, count in sorted(lost.items())]
        seen: Counter[int] = Counter()
        for file in sorted(files):
            for rows in self._rows_of(file, features):
                seen[rows.episode] += len(rows.times_s)
                yield rows
        if not seen:
            why = "; ".join(self.problems) or "there is no data/*/*.parquet"
            raise EpisodeError(f"{self.path}: no rows can be read: {why}")
        counts = (len(seen), self.info.episodes), (seen.total(), self.info.frames)
        if any(got < expected for got, expected in counts):
            episodes, frames = (f"{got} of {expected}" for got, expected in counts)
            self.problems.append(f"got {episodes} episodes, {frames} frames")

    def _rows_of(self, file: str, features: Sequence[str]) -> Iterator[Rows]:
        damaged: list[str] = []
        try:
            parquet = pq.ParquetFile(self.path / file)
            names = set(parquet.schema_arrow.names)
        except Exception as error:  # pyarrow raises a dozen kinds on damaged files
            self.problems.append(f"{file}: cannot be read: {_one_line(error)}")
            return
        with parquet:
            if missing := [name for name in (EPISODE, TIMESTAMP) if name not in names]:
                self.problems.append(f"{file}: has no {missing}, so nothing of it can be used")
                return
            wanted = [feature for feature in features if feature in names]
            if absent := [feature for feature in features if feature not in names]:
                self.problems.append(f"{file}: has no {absent}")
            for group in range(parquet.num_row_groups):
                try:
                    columns = [EPISODE, TIMESTAMP, *wanted]
                    for batch in parquet.iter_batches(BATCH, row_groups=[group], columns=columns):
                        yield from self._split(batch, wanted)
                except Exception as error:
                    damaged.append(_one_line(error))
            if damaged:
                count = f"{len(damaged)} of {parquet.num_row_groups} row groups"
                self.problems.append(f"{file}: {count} are damaged: {damaged[0]}")

    def _split(self, batch: pa.RecordBatch, features: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows of a batch episode by episode."""
        episodes = _numbers(batch.column(EPISODE), 1)[:, 0]
        known = np.nan_to_num(episodes, nan=-1.0).astype(np.int64)
        times = _numbers(batch.column(TIMESTAMP), 1)[:, 0]
        borders = [0, *(np.flatnonzero(np.diff(known)) + 1).tolist(), len(known)]
        numbers, pictures = {}, {}
        for name in features:
            feature = self.info.features[name]
            if feature.is_picture:
                pictures[name] = [_file_of(cell) for cell in batch.column(name).to_pylist()]
            else:
                numbers[name] = _numbers(batch.column(name), feature.size)
        for begin, end in itertools.pairwise(borders):
            if end > begin and known[begin] >= 0:
                yield Rows(
                    int(known[begin]),
                    times[begin:end],
                    {name: values[begin:end] for name, values in numbers.items()},
                    {name: files[begin:end] for name, files in pictures.items()},
                )

    def _read_episodes(self) -> dict[int, EpisodePlace]:
        parts = ("chunk_index", "file_index", "from_timestamp")
        of_data = [EPISODE, "length", "data/chunk_index", "data/file_index"]
        of_videos = {name: [f"videos/{name}/{part}" for part in parts] for name in self._videos}
        columns = [*of_data, *(column for some in of_videos.values() for column in some)]
        episodes = {}
        files = sorted(self.path.glob("meta/episodes/*/*.parquet"))
        if not files:
            self.problems.append("meta/episodes: missing, so nobody knows where in videos episodes begin")
        for file in files:
            try:
                rows = pq.read_table(file, columns=columns).to_pylist()
                for row in rows:
                    videos = {
                        name: VideoPlace(FilePlace(row[chunk], row[at]).path(VIDEOS, name), float(row[begin]))
                        for name, (chunk, at, begin) in of_videos.items()
                        if None not in (row[chunk], row[at], row[begin])
                    }
                    data = FilePlace(row[of_data[2]], row[of_data[3]]).path(DATA)
                    episodes[int(row[EPISODE])] = EpisodePlace(data, int(row["length"]), videos)
            except Exception as error:
                name = file.relative_to(self.path).as_posix()
                self.problems.append(f"{name}: cannot be read: {_one_line(error)}")
        return episodes


def _numbers(column: pa.Array, size: int) -> FloatArray:
    """Return the values of a column (N, size); NaN in rows that have other ones."""
    cells = column.to_pylist()
    try:
        return np.asarray(cells, dtype=np.float64).reshape(len(cells), size)
    except (TypeError, ValueError):
        values: NDArray[np.float64] = np.full((len(cells), size), np.nan)
        for row, cell in enumerate(cells):
            try:
                values[row] = np.asarray(cell, dtype=np.float64).reshape(size)
            except (TypeError, ValueError):
                continue
        return values


def _file_of(cell: Any) -> bytes | None:
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    return data if isinstance(data, bytes) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or repr(error)
