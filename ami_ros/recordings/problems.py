# SPDX-License-Identifier: Apache-2.0
"""What cannot be read of one file, in a few lines: a damaged file may have a million damages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_LINES = 10


@contextmanager
def few_lines(file: str, tell: Callable[[str], object]) -> Iterator[Callable[[str], object]]:
    """Give what takes the problems of a file, and passes on the first ones, and how many more there were.

    Args:
        file: its name, with which each line begins.
        tell: is told.
    """
    count = 0

    def take(problem: str) -> None:
        nonlocal count
        count += 1
        if count <= MOST_LINES:
            tell(f"{file}: {problem}")

    yield take
    if count > MOST_LINES:
        tell(f"{file}: {count - MOST_LINES} more problems as the last one")
