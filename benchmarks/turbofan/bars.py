# SPDX-License-Identifier: Apache-2.0
"""Progress bars, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from ami_ros.cli.progress import progress_bar

Bars = Callable[[str, int], Callable[[int], None]]


@contextmanager
def bars_one_by_one() -> Iterator[Bars]:
    """Give what shows a progress bar for each part of some work; it goes when the part is done."""
    with ExitStack() as stack:

        def begin(name: str, count: int) -> Callable[[int], None]:
            stack.pop_all().close()
            bar, left = stack.enter_context(progress_bar(name, count)), count

            def on_done(done: int) -> None:
                nonlocal left
                bar.update(done)
                left -= done
                if left <= 0:
                    stack.pop_all().close()

            return on_done

        yield begin
