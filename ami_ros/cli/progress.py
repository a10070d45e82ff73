# SPDX-License-Identifier: Apache-2.0
"""Progress of long work on stderr: a bar on a terminal, a line a minute in a log."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ami_ros.system.terminal import Console, NoteColumn

LINE_EVERY_S = 60.0


class ProgressBar:
    """One bar on stderr; results go to stdout."""

    def __init__(self, progress: Progress, name: str, total: float | None, note: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=total, note=note)

    def update(self, advance: int = 1, note: str = "") -> None:
        """Move on by `advance` and show `note` behind the bar."""
        self._progress.update(self._task, advance=advance, note=note)

    def move_to(self, completed: float, note: str, total: float | None = None) -> None:
        """Move to `completed` and show `note` behind the bar.

        Args:
            completed: so far, of the total.
            note: the current item.
            total: the new total; None for the old one.
        """
        self._progress.update(self._task, completed=completed, total=total, note=note)


@contextmanager
def progress_bar(
    name: str,
    total: float | None,
    shown: bool = True,
    *,
    columns: Sequence[ProgressColumn] | None = None,
    note: str = "",
) -> Iterator[ProgressBar]:
    """Show a bar while the block runs; off a terminal, print a line every minute and one at the end.

    Args:
        name: of the work.
        total: of what `ProgressBar.update` counts; None while it is unknown.
        shown: False shows nothing.
        columns: between name and note; None for bar, count, elapsed and remaining time.
        note: the first one.
    """
    console = Console(stderr=True, quiet=not shown)
    if columns is None:
        columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    columns = TextColumn("{task.description}", markup=False), *columns, NoteColumn()
    with Progress(*columns, console=console) as progress, _regular_lines(progress, columns):
        yield ProgressBar(progress, name, total, note)


@contextmanager
def _regular_lines(progress: Progress, columns: Sequence[ProgressColumn]) -> Iterator[None]:
    """Print the state every LINE_EVERY_S while the block runs, unless it is drawn on a terminal.

    A thread of its own: the work reports each finished item, which may take longer.
    """
    if progress.console.is_terminal or progress.console.quiet:
        yield
        return
    is_over = threading.Event()

    def print_lines() -> None:
        while not is_over.wait(LINE_EVERY_S):
            for task in progress.tasks:
                cells = [str(column.render(task)) for column in columns if not isinstance(column, BarColumn)]
                progress.console.print(" ".join(cells), soft_wrap=True)

    printer = threading.Thread(target=print_lines, name="progress", daemon=True)
    printer.start()
    try:
        yield
    finally:
        is_over.set()
        printer.join()
