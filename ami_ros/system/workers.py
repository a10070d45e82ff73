# SPDX-License-Identifier: Apache-2.0
"""Processes that share a list of jobs: each builds its context once, then takes job after job.

Not multiprocessing's pools, which endlessly replace a worker that fails at startup or is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import cv2

from ami_ros.errors import AmiError, ProcessError

if TYPE_CHECKING:
    from typing_extensions import Self

Job = TypeVar("Job")
Result = TypeVar("Result")
Answer = tuple[Any, AmiError | None, str]  # result, error, and the traceback of the error
PATIENCE_S = 1.0  # for a worker to unwind before it is killed


class Pool(ABC):
    """Runs jobs elsewhere; a context manager that ends the workers."""

    @abstractmethod
    def run(self, work: Callable[[Any, Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Yield the result of each job, in the order of `jobs`. Leaving early ends the workers.

        Args:
            work: does one job with the worker's context; a function of a module.
            jobs: the jobs.

        Raises:
            AmiError: as raised by the job.
            ProcessError: a worker failed otherwise, or died.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers. Safe to call twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Served:
    """A worker: builds its context at its first job, and answers with the result or the error.

    Args:
        make: builds the context.
        arguments: for `make`.
    """

    def __init__(self, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._make, self._arguments = make, arguments
        self._made: list[Any] = []

    def do(self, work: Callable[[Any, Any], Any], job: Any) -> Answer:
        """Do one job; return its result, the error and its traceback."""
        try:
            self._made = self._made or [self._make(*self._arguments)]
            return work(self._made[0], job), None, ""
        except AmiError as error:
            return None, error, traceback.format_exc()
        except Exception as error:
            return None, ProcessError(_told(error)), traceback.format_exc()


def opened(answer: Answer) -> Any:
    """Return the result of `Served.do`, or raise its error."""
    result, error, trace = answer
    if error is not None:
        raise error from ProcessError(f"in the worker:\n{trace}")
    return result


class Workers(Pool):
    """`count` processes that run while the block runs; a context manager that ends them.

    Args:
        count: processes.
        make: builds the context in each process, before its first job; a function of a module.
        arguments: for `make`.
    """

    def __init__(self, count: int, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._processes: dict[Connection, BaseProcess] = {}
        context = multiprocessing.get_context("spawn")
        resource_tracker.ensure_running()  # here: its start unblocks SIGINT
        try:
            with _undisturbed():
                for _ in range(count):
                    ours, theirs = context.Pipe()
                    process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
                    process.start()
                    theirs.close()  # or a worker's death would not close the pipe
                    self._processes[ours] = process
        except BaseException:  # including signals
            self.close()
            raise

    def run(self, work: Callable[[Any, Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """See `Pool.run`."""
        done: dict[int, Result] = {}
        busy: dict[Connection, int] = {}
        given = yielded = 0
        try:
            while yielded < len(jobs):
                for worker in [idle for idle in self._processes if idle not in busy][: len(jobs) - given]:
                    self._send(worker, (work, jobs[given]))
                    busy[worker], given = given, given + 1
                ready = wait(list(busy))
                for worker in [worker for worker in busy if worker in ready]:
                    done[busy.pop(worker)] = self._receive(worker)
                while yielded in done:
                    yield done.pop(yielded)
                    yielded += 1
        finally:
            if yielded < len(jobs):
                self.close()

    def _send(self, worker: Connection, job: Any) -> None:
        try:
            worker.send(job)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._died(worker) from error

    def _receive(self, worker: Connection) -> Any:
        try:
            answer = worker.recv()
        except (EOFError, ConnectionResetError) as lost:
            raise self._died(worker) from lost
        return opened(answer)

    def _died(self, worker: Connection) -> ProcessError:
        process = self._processes[worker]
        process.join(10.0 * PATIENCE_S)
        process.kill()  # if it closed the pipe and does not end
        process.join()
        code = process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return ProcessError(
            f"worker process {process.pid} {how}, expected it to keep running; if memory is short, use fewer "
            "workers"
        )

    def close(self) -> None:
        """End the workers. Safe to call twice."""
        processes, self._processes = self._processes, {}
        for process in processes.values():
            process.terminate()
        for connection, process in processes.items():
            process.join(PATIENCE_S)
            process.kill()
            process.join()
            connection.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, and handle signals only after they are started.

    Ctrl-C reaches all processes of a terminal. Only we handle it, and end the workers: their handlers would
    come too late for the seconds of their imports. A half-started worker would print a traceback.
    """
    heard: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: heard.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which the processes inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


def _serve(pipe: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    # SystemExit unwinds: files being written are cleaned up.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    served = Served(make, arguments)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            pipe.send(served.do(*pipe.recv()))


def _end_with_parent() -> None:
    """Abandon the job of a killed parent: another process may already repeat it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _told(error: Exception) -> str:
    return f"worker process {os.getpid()} failed: {type(error).__name__}: {error}"
