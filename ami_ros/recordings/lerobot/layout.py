# SPDX-License-Identifier: Apache-2.0
"""Paths in a LeRobotDataset: v3 has many episodes per file, v2 a file per episode.

Sources: https://huggingface.co/docs/lerobot/lerobot-dataset-v3; for v2 lerobot 0.3.3, `DEFAULT_PARQUET_PATH`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ami_ros.errors import shown

VERSION = "v3.0"
READABLE = ("v2.0", "v2.1", VERSION)
INFO_FILE, STATS_FILE, TASKS_FILE = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
_PLACE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
EPISODES = f"meta/episodes/{_PLACE}.parquet"
DATA = f"data/{_PLACE}.parquet"
VIDEOS = f"videos/{{video_key}}/{_PLACE}.mp4"
OLD_EPISODES = "meta/episodes.jsonl"
_OLD_PLACE = "episode_{episode_index:06d}"
OLD_DATA = f"data/chunk-{{episode_chunk:03d}}/{_OLD_PLACE}.parquet"
OLD_VIDEOS = f"videos/chunk-{{episode_chunk:03d}}/{{video_key}}/{_OLD_PLACE}.mp4"
FILES_PER_CHUNK = 1000
MOST_TEMPLATE = 300  # characters
DATA_MB, VIDEO_MB = 100, 200  # of a file, before the next one begins

# Features: those that lerobot's policies look for, what other programs call them, and those that every data
# set has.
STATE, ACTION, IMAGES = "observation.state", "action", "observation.images."
STATES, ACTIONS = (STATE, "state"), (ACTION, "actions")
EPISODE, FRAME, TIMESTAMP = "episode_index", "frame_index", "timestamp"
BOOKKEEPING = {
    TIMESTAMP: "float32",
    FRAME: "int64",
    EPISODE: "int64",
    "index": "int64",
    "task_index": "int64",
}


class FilePlace(NamedTuple):
    """Index of one file of a kind."""

    chunk: int = 0
    file: int = 0

    @property
    def next(self) -> FilePlace:
        """The one after it."""
        if self.file + 1 < FILES_PER_CHUNK:
            return FilePlace(self.chunk, self.file + 1)
        return FilePlace(self.chunk + 1, 0)

    def path(self, pattern: str, video_key: str = "") -> str:
        """Return its path in the data set, by one of EPISODES, DATA and VIDEOS."""
        return pattern.format(chunk_index=self.chunk, file_index=self.file, video_key=video_key)


_FIELD = re.compile(r"\{(\w+)(?::0?(\d)d)?\}")


@dataclass(frozen=True)
class Layout:
    """Templates of a data set's paths; they name a chunk and a file (v3), or a chunk and an episode (v2).

    Attributes:
        data: of rows.
        videos: of pictures.
        chunk_size: episodes per folder; 0 for v3, where meta/episodes gives the chunk.
    """

    data: str = DATA
    videos: str = VIDEOS
    chunk_size: int = 0

    def __post_init__(self) -> None:
        for name, template in (("data_path", self.data), ("video_path", self.videos)):
            check_template(name, template, self._fields)

    @property
    def is_old(self) -> bool:
        """Whether each episode has its own file, as in v2."""
        return self.chunk_size > 0

    @property
    def _fields(self) -> tuple[str, ...]:
        own = ("episode_chunk", "episode_index") if self.is_old else ("chunk_index", "file_index")
        return (*own, "video_key")

    def of_file(self, place: FilePlace) -> Mapping[str, int]:
        """Return what fills the templates of v3."""
        return {"chunk_index": place.chunk, "file_index": place.file}

    def of_episode(self, number: int) -> Mapping[str, int]:
        """Return what fills the templates of v2."""
        return {"episode_chunk": number // self.chunk_size, "episode_index": number}


def filled(template: str, numbers: Mapping[str, int], video_key: str = "") -> str:
    """Return the path of a template that `check_template` has passed.

    No `str.format`: a template is somebody else's text, which could ask for attributes or for many zeros.
    """

    def value(field: re.Match[str]) -> str:
        if field[1] == "video_key":
            return video_key
        return str(numbers[field[1]]).zfill(int(field[2] or 0))

    return _FIELD.sub(value, template)


def check_template(name: str, template: object, fields: tuple[str, ...]) -> None:
    """Raise ValueError: a template is no path within the data set, or has other fields than these."""
    listed = ", ".join(f"{{{field}}}" for field in fields)
    expected = f"{name}: got {shown(template)}, expected a path in the data set, with {listed}"
    if not isinstance(template, str) or not template.isprintable() or len(template) > MOST_TEMPLATE:
        raise ValueError(expected)
    plain, named = _FIELD.sub("0", template), {field[1] for field in _FIELD.finditer(template)}
    inside = all(part not in ("", ".", "..") for part in plain.split("/"))
    if not inside or not named <= set(fields) or set(plain) & set("{}\\:"):
        raise ValueError(expected)


V3 = Layout()


def is_lerobot(folder: Path) -> bool:
    """Return whether a folder looks like a LeRobotDataset, of any version and however damaged."""
    return (folder / INFO_FILE).exists() or any(folder.glob("data/chunk-*/*.parquet"))
