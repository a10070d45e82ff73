# SPDX-License-Identifier: Apache-2.0
"""Problems of one file, in a few lines: a damaged file may have a million of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_LINES = 10


@contextmanager
def few_lines(file: str, tell: Callable[[str], object]) -> Iterator[Callable[[str], object]]:
    """Yield a callback that takes the problems of a file; it forwards the first ones and counts the rest.

    Args:
        file: its name, with which each line begins.
        tell: receives each line.
    """
    count = 0

    def take(problem: str) -> None:
        nonlocal count
        count += 1
        if count <= MOST_LINES:
            tell(f"{file}: {problem}")

    yield take
    if count > MOST_LINES:
        tell(f"{file}: {count - MOST_LINES} more problems like the last one")
