# SPDX-License-Identifier: Apache-2.0
"""Videos that lie in another folder of the data set than its template says."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

MOST_FILES = 2**20  # looked at, of a data set


class MovedVideos:
    """Looks for videos by their names.

    Args:
        folder: of the data set.
        videos: all of its features that are videos.
        is_old: whether a file's name has the number of its episode, as in v2; v3 counts in each chunk.
    """

    def __init__(self, folder: Path, videos: Sequence[str], is_old: bool) -> None:
        self._folder, self._videos, self._is_old = folder, videos, is_old
        self._moved: Counter[tuple[str, str]] = Counter()

    def find(self, path: str, video: str) -> str | None:
        """Return the one file that can be meant by a path, both relative to the folder; None if none can.

        It has the name of the file, the number of the chunk (v3) and, where there are several videos, that of
        the feature as a folder.
        """
        wanted = PurePosixPath(path)
        needed = set() if self._is_old else {part for part in wanted.parts[:-1] if part.startswith("chunk-")}
        needed |= {video} if len(self._videos) > 1 else set()
        there = [one for one in self._files.get(wanted.name, ()) if needed <= set(one.parts)]
        if len(there) != 1:
            return None
        self._moved[str(wanted.parent), str(there[0].parent)] += 1
        return str(there[0])

    def found(self) -> list[str]:
        """Return what was found where, for people."""
        return [
            f"{count} videos are in {there}, expected them in {wanted}; these are used"
            for (wanted, there), count in self._moved.items()
        ]

    @cached_property
    def _files(self) -> dict[str, list[PurePosixPath]]:
        files: dict[str, list[PurePosixPath]] = {}
        for path in itertools.islice(self._walk(), MOST_FILES):
            files.setdefault(path.name, []).append(path)
        return files

    def _walk(self) -> Iterator[PurePosixPath]:
        for path in self._folder.rglob("*.mp4"):  # follows no links to folders
            yield PurePosixPath(path.relative_to(self._folder).as_posix())
