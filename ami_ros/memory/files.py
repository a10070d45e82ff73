# SPDX-License-Identifier: Apache-2.0
"""Exports a memory to files that other programs read: PNG pictures, and JSON lines for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ami_ros.errors import MemoryFileError, OutputError, shown
from ami_ros.memory.moment import Episode, Remembered
from ami_ros.memory.pictures import packed
from ami_ros.memory.reader import MemoryReader, pages
from ami_ros.system.whole_file import write_whole

LINES = "moments.jsonl"


def as_files(memory: MemoryReader, ids: Sequence[int], folder: Path) -> Iterator[int]:
    """Write moments to a folder that only the owner can read, and yield their number after each step.

    Raises:
        OutputError: the folder is not empty, or cannot be written.
        MemoryFileError: a moment is missing or damaged, or the name of its camera is not a file name.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: exists already, expected a new or an empty folder")
    episodes, lines = memory.episodes(), []
    for page in pages(ids):
        for found in memory.moments(page):
            for camera in found.moment.images:
                if not str(camera).isidentifier():  # a memory from elsewhere does not choose where we write
                    raise MemoryFileError(
                        f"{memory.path}: moment {found.id}: got a camera {shown(camera)}, expected a name of "
                        f"letters, digits and _; `ami-ros memory forget {found.id}`"
                    )
            files = {camera: f"{found.id:08d}_{camera}.png" for camera in found.moment.images}
            for camera, name in files.items():
                write_whole(folder / name, packed(found.moment.images[camera]), private=True)
            lines.append(json.dumps(_told(found, episodes[found.episode], files)))
        yield len(page)
    write_whole(folder / LINES, "".join(f"{line}\n" for line in lines), private=True)


def _told(found: Remembered, episode: Episode, files: dict[str, str]) -> dict[str, Any]:
    moment = found.moment
    return {
        "moment": found.id,
        "episode": found.episode,
        "task": episode.task,
        "goal": episode.goal,
        "outcome": episode.outcome,
        "stamp_ns": moment.stamp_ns,
        "names": list(found.names),
        "images": files,
        "vectors": {name: values.tolist() for name, values in moment.vectors.items()},
        "action": None if moment.action is None else moment.action.tolist(),
        "distance": moment.distance,
        "surprise": moment.surprise,
        "verdict": moment.verdict,
    }
