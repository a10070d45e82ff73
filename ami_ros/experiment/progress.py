# SPDX-License-Identifier: Apache-2.0
"""Progress bars for long work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ami_ros.system.terminal import Console, NoteColumn


class ProgressBar:
    """One bar on stderr; results go to stdout."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=total, note="")

    def update(self, advance: int = 1, note: str = "") -> None:
        """Move on by `advance` and show `note` behind the bar."""
        self._progress.update(self._task, advance=advance, note=note)


@contextmanager
def progress_bar(name: str, total: int, shown: bool = True) -> Iterator[ProgressBar]:
    """Show a bar with count, elapsed and remaining time while the block runs, if `shown`."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        NoteColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, quiet=not shown)) as progress:
        yield ProgressBar(progress, name, total)
