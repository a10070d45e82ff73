# SPDX-License-Identifier: Apache-2.0
"""A LeRobotDataset v3, written episode by episode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ami_ros.recordings.lerobot import statistics
from ami_ros.recordings.lerobot.features import Feature
from ami_ros.recordings.lerobot.layout import (
    BOOKKEEPING,
    DATA,
    DATA_MB,
    EPISODE,
    EPISODES,
    FILES_PER_CHUNK,
    INFO_FILE,
    STATS_FILE,
    TASKS_FILE,
    VERSION,
    VIDEO_MB,
    VIDEOS,
)
from ami_ros.recordings.lerobot.parquet_output import ParquetFiles
from ami_ros.recordings.lerobot.statistics import Statistics
from ami_ros.recordings.lerobot.video_output import VideoFiles
from ami_ros.types import ImageArray

ROWS = 100  # episodes in a row group of meta/episodes


class DatasetOutput:
    """A data set being written. It is readable once closed: its description is written last.

    Args:
        folder: of it, empty.
        features: by name, without bookkeeping.
        fps: frames per second.
        robot: its name.
        instruction: what the robot is to do, in words.

    Raises:
        ConfigError: a feature cannot be stored as requested.
        OSError: the disk is full or cannot be written.
    """

    def __init__(
        self, folder: Path, features: Mapping[str, Feature], fps: float, robot: str, instruction: str
    ) -> None:
        self._folder, self._features, self._fps = folder, features, fps
        self._robot, self._instruction = robot, instruction
        self._data = ParquetFiles(folder, DATA)
        videos = [feature for feature in features.values() if feature.dtype == "video"]
        self._videos = {f.name: VideoFiles(folder, f.name, (f.shape[0], f.shape[1]), fps) for f in videos}
        self._rows: list[dict[str, Any]] = []
        self._statistics: list[Mapping[str, Statistics]] = []
        self._frames = 0

    def write(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Append an episode.

        Args:
            values: feature -> (N, n), or (N, H, W, 3) uint8 of a camera.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        episode, frames = len(self._rows), len(next(iter(values.values())))
        values = {**values, **self._bookkeeping(episode, frames)}
        spans = {name: files.write(values[name]) for name, files in self._videos.items()}
        place = self._data.write(self._table({k: v for k, v in values.items() if k not in spans}))
        row = {
            EPISODE: episode,
            "tasks": [self._instruction],
            "length": frames,
            "data/chunk_index": place.chunk,
            "data/file_index": place.file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + frames,
        }
        for name, span in spans.items():
            row[f"videos/{name}/chunk_index"] = span.place.chunk
            row[f"videos/{name}/file_index"] = span.place.file
            row[f"videos/{name}/from_timestamp"] = span.from_s
            row[f"videos/{name}/to_timestamp"] = span.to_s
        self._rows.append(row)
        self._statistics.append({name: self._of(name, array) for name, array in values.items()})
        self._frames += frames

    def close(self) -> None:
        """Finish it.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        self._data.close()
        for files in self._videos.values():
            files.close()
        self._write_episodes()
        self._write_tasks()
        total = {
            name: _listed(statistics.of_all([one[name] for one in self._statistics]))
            for name in self._statistics[0]
        }
        self._write_json(STATS_FILE, total)
        self._write_json(INFO_FILE, self._info())

    def _bookkeeping(self, episode: int, frames: int) -> dict[str, NDArray[Any]]:
        counted = np.arange(frames)
        values = (counted / self._fps, counted, counted * 0 + episode, self._frames + counted, counted * 0)
        columns = zip(BOOKKEEPING.items(), values, strict=True)
        return {name: value.astype(dtype)[:, None] for (name, dtype), value in columns}

    def _of(self, name: str, array: NDArray[Any]) -> Statistics:
        feature = self._features.get(name)
        picture = feature is not None and feature.is_picture
        return statistics.of_pictures(array) if picture else statistics.of_numbers(array)

    def _table(self, values: Mapping[str, NDArray[Any]]) -> pa.Table:
        columns = {name: _column(array) for name, array in values.items()}
        about = {name: _hugging_face(array) for name, array in values.items()}
        metadata = {"huggingface": json.dumps({"info": {"features": about}})}
        return pa.table(columns).replace_schema_metadata(metadata)

    def _write_episodes(self) -> None:
        files = ParquetFiles(self._folder, EPISODES)
        for begin in range(0, len(self._rows), ROWS):
            some = range(begin, min(begin + ROWS, len(self._rows)))
            of_rows = [
                {
                    **self._rows[at],
                    **{
                        f"stats/{name}/{what}": value
                        for name, found in self._statistics[at].items()
                        for what, value in _listed(found).items()
                    },
                }
                for at in some
            ]
            place = files.next_place
            for row in of_rows:
                row |= {"meta/episodes/chunk_index": place.chunk, "meta/episodes/file_index": place.file}
            files.write(pa.Table.from_pylist(of_rows))
        files.close()

    def _write_tasks(self) -> None:
        # As pandas writes a table whose index is the instruction, because lerobot reads it with pandas.
        index = {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object"}
        number = {"name": "task_index", "field_name": "task_index"}
        number |= {"pandas_type": "int64", "numpy_type": "int64"}
        about = {
            "index_columns": ["task"],
            "column_indexes": [],
            "columns": [{**number, "metadata": None}, {**index, "metadata": None}],
            "pandas_version": "2.0.0",
        }
        table = pa.table({"task_index": pa.array([0], pa.int64()), "task": [self._instruction]})
        pq.write_table(
            table.replace_schema_metadata({"pandas": json.dumps(about)}), self._folder / TASKS_FILE
        )

    def _info(self) -> dict[str, Any]:
        features: dict[str, Any] = {
            name: {
                "dtype": feature.dtype,
                "shape": list(feature.shape),
                "names": list(feature.names),
                **({"units": list(feature.units)} if feature.units else {}),
                **({"info": self._videos[name].info} if name in self._videos else {}),
            }
            for name, feature in self._features.items()
        }
        features |= {
            name: {"dtype": dtype, "shape": [1], "names": None} for name, dtype in BOOKKEEPING.items()
        }
        return {
            "codebase_version": VERSION,
            "robot_type": self._robot,
            "total_episodes": len(self._rows),
            "total_frames": self._frames,
            "total_tasks": 1,
            "chunks_size": FILES_PER_CHUNK,
            "data_files_size_in_mb": DATA_MB,
            "video_files_size_in_mb": VIDEO_MB,
            "fps": int(self._fps) if float(self._fps).is_integer() else self._fps,
            "splits": {"train": f"0:{len(self._rows)}"},
            "data_path": DATA,
            "video_path": VIDEOS if self._videos else None,
            "features": features,
        }

    def _write_json(self, name: str, content: Any) -> None:
        (self._folder / name).write_text(json.dumps(content, indent=4, allow_nan=False) + "\n")


def _column(array: NDArray[Any]) -> pa.Array:
    """Return a column of pictures (N, H, W, 3) as PNG, or of numbers (N, n)."""
    if array.ndim == 4:
        files = [{"bytes": _png(picture), "path": f"frame-{at:06d}.png"} for at, picture in enumerate(array)]
        return pa.array(files, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    flat = pa.array(array.reshape(-1))
    return flat if array.shape[1] == 1 else pa.FixedSizeListArray.from_arrays(flat, array.shape[1])


def _hugging_face(array: NDArray[Any]) -> dict[str, Any]:
    """Return how the datasets library, and a data set's web page, interpret a column."""
    if array.ndim == 4:
        return {"_type": "Image"}
    value = {"dtype": str(array.dtype), "_type": "Value"}
    return value if array.shape[1] == 1 else {"feature": value, "length": array.shape[1], "_type": "List"}


def _png(picture: ImageArray) -> bytes:
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def _listed(found: Statistics) -> dict[str, Any]:
    return {what: values.tolist() for what, values in found.items()}
