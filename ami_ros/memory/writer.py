# SPDX-License-Identifier: Apache-2.0
"""Remembering off the control thread: a bounded queue, and a thread that writes what is in it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ami_ros.errors import AmiError
from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.store import Store

GATHER_S = 0.2  # what comes within it is written at once: less than the second that a kill may cost
MOST_NAMED = 100  # names wait longer than moments: people gave them


@dataclass(frozen=True)
class WriterFigures:
    """What has become of what was handed over.

    Attributes:
        written: moments on disk.
        dropped: moments lost: the queue was full, or they could not be written.
        waiting: moments in the queue.
        problem: why the newest were not written; "" when they were.
    """

    written: int
    dropped: int
    waiting: int
    problem: str


@dataclass(frozen=True, eq=False)
class _Job:
    """A moment of an episode, with the name it shall have; or how the episode ended."""

    episode: int
    begins: Episode | None = None
    moment: Moment | None = None
    name: str = ""
    outcome: str = ""


class MemoryWriter:
    """Writes what it is handed, in order, and never makes the one who hands it over wait.

    Args:
        open_store: opens the file, in the thread that writes it.
        model: SHA-256 of the model that makes the states.
        queue: moments that may wait; more are dropped and counted.
        tidy: called after each writing, to keep the file within bounds.
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
        self._numbers: dict[int, int] = {}  # of an episode with moments: ours -> in the file
        self._outcomes: dict[int, str] = {}  # of episodes that may still have none
        self._named: dict[str, Moment] = {}  # what is not on disk yet
        self._problem = ""
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    @property
    def figures(self) -> WriterFigures:
        """What has become of it so far."""
        with self._changed:
            return WriterFigures(self._written, self._dropped, self._waiting, self._problem)

    def named(self, name: str) -> Moment | None:
        """Return the moment that was given a name and is not on disk yet; None: ask the file."""
        with self._changed:
            return self._named.get(name)

    def begin(self, episode: Episode) -> None:
        """Let the next moments be those of a new episode."""
        self._episode += 1
        self._put(_Job(self._episode, begins=episode))

    def add(self, moment: Moment, name: str = "") -> bool:
        """Take a moment, and the name it shall have; return whether there was room."""
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
        """Note how the episode ended."""
        self._put(_Job(self._episode, outcome=outcome))

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, and end."""
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
            # What is not written now, more moments of the same episode still need.
            self._begun.update({job.episode: job.begins for job in jobs if job.begins is not None})
            self._outcomes.update({job.episode: job.outcome for job in jobs if job.outcome})
            written, problem = 0, ""
            try:
                store = store or self._open()
                self._write(store, moments)
                written = len(moments)
                self._tidy(store)
            except Exception as error:  # whatever it is: the next ones may be written again
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
                # An episode without moments is none: it begins with the first of them, and again where
                # somebody has forgotten all those before.
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
        for known in (self._begun, self._numbers, self._outcomes):  # nothing more comes of those before
            for episode in [number for number in known if number < newest]:
                del known[episode]
