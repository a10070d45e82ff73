# SPDX-License-Identifier: Apache-2.0
"""Writes moments off the control thread: a bounded queue, and a thread that empties it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ami_ros.errors import AmiError
from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.store import Store

GATHER_S = 0.2  # moments within it are written together: less than the second that a kill may cost
MOST_NAMED = 100  # names wait longer than moments: people gave them


@dataclass(frozen=True)
class WriterFigures:
    """What became of the submitted moments.

    Attributes:
        written: moments on disk.
        dropped: moments lost: the queue was full, or they could not be written.
        waiting: moments in the queue.
        problem: why the newest were not written; "" if they were.
    """

    written: int
    dropped: int
    waiting: int
    problem: str


@dataclass(frozen=True, eq=False)
class _Job:
    """A moment of an episode with its name; or how the episode ended."""

    episode: int
    begins: Episode | None = None
    moment: Moment | None = None
    name: str = ""
    outcome: str = ""


class MemoryWriter:
    """Writes submitted moments in order, and never blocks the caller.

    Args:
        open_store: opens the file, in the writing thread.
        model: SHA-256 of the model that makes the states.
        queue: number of moments that may wait; more are dropped and counted.
        tidy: called after each write, to keep the file within bounds.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        model: str,
        queue: int,
        tidy: Callable[[Store], object] = lambda store: None,
    ) -> None:
        self._open, self._model, self._most, self._tidy = open_store, model, queue, tidy
        self._jobs: deque[_Job] = deque()
        self._waiting = self._episode = self._written = self._dropped = 0
        self._changed = threading.Condition()
        self._begun: dict[int, Episode] = {}
        self._numbers: dict[int, int] = {}  # of an episode with moments: our number -> number in the file
        self._outcomes: dict[int, str] = {}  # of episodes whose outcome may not be on disk yet
        self._named: dict[str, Moment] = {}  # moments not on disk yet
        self._problem = ""
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    @property
    def figures(self) -> WriterFigures:
        """What became of the moments so far."""
        with self._changed:
            return WriterFigures(self._written, self._dropped, self._waiting, self._problem)

    def named(self, name: str) -> Moment | None:
        """Return a named moment that is not on disk yet; None otherwise: query the file."""
        with self._changed:
            return self._named.get(name)

    def begin(self, episode: Episode) -> None:
        """Start a new episode with the next moment."""
        self._episode += 1
        self._put(_Job(self._episode, begins=episode))

    def add(self, moment: Moment, name: str = "") -> bool:
        """Queue a moment with its name; return whether there was room."""
        with self._changed:
            if self._waiting >= self._most + MOST_NAMED * bool(name):
                self._dropped += 1
                return False
            self._waiting += 1
            if name:
                self._named[name] = moment
        self._put(_Job(self._episode, moment=moment, name=name))
        return True

    def end(self, outcome: str) -> None:
        """Record how the episode ended."""
        self._put(_Job(self._episode, outcome=outcome))

    def close(self, timeout_s: float = 5.0) -> None:
        """Write the waiting moments, and end the thread."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _put(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def _run(self) -> None:
        store: Store | None = None
        ended = False
        while not ended:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._ends)
                if not self._ends:
                    self._changed.wait_for(lambda: self._ends, GATHER_S)
                jobs, ended = list(self._jobs), self._ends
                self._jobs.clear()
                self._waiting = 0
            moments = [job for job in jobs if job.moment is not None]
            # If this write fails, later moments of the same episode still need these.
            self._begun.update({job.episode: job.begins for job in jobs if job.begins is not None})
            self._outcomes.update({job.episode: job.outcome for job in jobs if job.outcome})
            written, problem = 0, ""
            try:
                store = store or self._open()
                self._write(store, moments)
                written = len(moments)
                self._tidy(store)
            except Exception as error:  # of any kind: the next write may succeed
                problem = str(error) if isinstance(error, AmiError) else f"{type(error).__name__}: {error}"
            with self._changed:
                self._written, self._problem = self._written + written, problem
                self._dropped += len(moments) - written
                for job in moments if written else ():
                    if self._named.get(job.name) is job.moment:
                        del self._named[job.name]
        if store is not None:
            store.close()

    def _write(self, store: Store, moments: Sequence[_Job]) -> None:
        numbers = dict(self._numbers)
        with store.together():
            for number in dict.fromkeys(job.episode for job in moments):
                # An episode begins with its first moment, and again if another process has removed all
                # earlier ones.
                if number not in numbers or not store.has_episode(numbers[number]):
                    numbers[number] = store.begin(self._begun[number])
            added = [(numbers[job.episode], job.moment) for job in moments if job.moment is not None]
            for job, moment in zip(moments, store.append(added, self._model), strict=True):
                if job.name:
                    store.name(job.name, moment)
            ended = [number for number in self._outcomes if number in numbers]
            for number in ended:
                store.end(numbers[number], self._outcomes[number])
        self._numbers = numbers
        for number in ended:
            del self._outcomes[number]
        newest = max(self._begun, default=0)
        for known in (self._begun, self._numbers, self._outcomes):  # earlier episodes are over
            for episode in [number for number in known if number < newest]:
                del known[episode]
