# SPDX-License-Identifier: Apache-2.0
"""Paths in a LeRobotDataset v3: many episodes per file, and files counted within folders.

Source: https://huggingface.co/docs/lerobot/lerobot-dataset-v3
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

VERSION = "v3.0"
INFO_FILE, STATS_FILE, TASKS_FILE = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
_PLACE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
EPISODES = f"meta/episodes/{_PLACE}.parquet"
DATA = f"data/{_PLACE}.parquet"
VIDEOS = f"videos/{{video_key}}/{_PLACE}.mp4"
FILES_PER_CHUNK = 1000
DATA_MB, VIDEO_MB = 100, 200  # of a file, before the next one begins

# Features: those that lerobot's policies look for, and those that every data set has.
STATE, ACTION, IMAGES = "observation.state", "action", "observation.images."
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


def is_lerobot(folder: Path) -> bool:
    """Return whether a folder looks like a LeRobotDataset, of any version and however damaged."""
    return (folder / INFO_FILE).exists() or any(folder.glob("data/chunk-*/*.parquet"))
