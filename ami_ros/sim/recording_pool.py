# SPDX-License-Identifier: Apache-2.0
"""Several processes that record: each builds its own world once, then takes one job after another."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import cv2

Job = TypeVar("Job")

_recorder: Any = None


def _start(make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    global _recorder
    cv2.setNumThreads(1)
    _recorder = make(*arguments)


def _run(work: Callable[[Any, Job], None], job: Job) -> Job:
    if _recorder is None:
        raise RuntimeError("worker not started")
    work(_recorder, job)
    return job


def record_all(
    make: Callable[..., Any],
    arguments: tuple[Any, ...],
    work: Callable[[Any, Job], None],
    jobs: Iterable[Job],
    workers: int,
    chunk: int = 1,
) -> Iterator[Job]:
    """Yield each of `jobs` when it is done, in whatever order.

    Args:
        make: builds a recorder in each process, of `arguments`. It must not fail: a pool starts workers that
            fail to start again, for ever.
        arguments: for `make`.
        work: does one job with a recorder; a function of a module, so that it can be sent to the processes.
        jobs: what is to be done.
        workers: processes.
        chunk: jobs that a process takes at once.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start, (make, arguments)) as pool:
        yield from pool.imap_unordered(partial(_run, work), jobs, chunksize=chunk)
