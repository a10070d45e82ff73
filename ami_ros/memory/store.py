# SPDX-License-Identifier: Apache-2.0
"""Writes the memory file of a robot: adds, names and forgets moments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import MemoryFileError, shown
from ami_ros.memory.moment import LONGEST_NAME, Episode, Floats, Moment, is_name
from ami_ros.memory.pictures import packed
from ami_ros.memory.reader import WHOLE, MemoryReader, pages, place_holders
from ami_ros.memory.schema import told


class Store(MemoryReader):
    """Writes one SQLite file, and creates a missing one. For one thread at a time.

    Raises:
        MemoryFileError: see `open_database`.
        OutputError: see `open_database`.
    """

    _read_only = False
    _is_together = False

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Commit all writes within the block or none; no other process writes meanwhile."""
        if self._is_together:
            yield self._database
            return
        with told(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            self._is_together = True
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            finally:
                self._is_together = False

    def begin(self, episode: Episode) -> int:
        """Begin an episode; return its number."""
        with self.together() as database:
            number = self._unused("episodes")
            values = (number, episode.task, episode.goal, episode.outcome)
            database.execute("INSERT INTO episodes (id, task, goal, outcome) VALUES (?, ?, ?, ?)", values)
            return number

    def _unused(self, table: str) -> int:
        """Return an id that no row of a table has or had before it was forgotten."""
        rows = self._asked(
            f"SELECT max((SELECT coalesce(max(id), 0) FROM {table}), "
            "(SELECT coalesce(max(id), 0) FROM highest WHERE what = ?))",
            (table,),
            WHOLE,
        )
        return int(rows[0][0]) + 1

    def has_episode(self, episode: int) -> bool:
        """Return whether an episode exists: it is removed with the last of its moments."""
        return bool(self._asked("SELECT 1 FROM episodes WHERE id = ?", (episode,), WHOLE))

    def end(self, episode: int, outcome: str) -> None:
        """Record how an episode ended."""
        with self.together() as database:
            database.execute("UPDATE episodes SET outcome = ? WHERE id = ?", (outcome, episode))

    def append(self, moments: Iterable[tuple[int, Moment]], model: str = "") -> list[int]:
        """Add moments of episodes, all or none; return their ids.

        Args:
            moments: pairs of episode number and moment.
            model: SHA-256 of the model that made their states.
        """
        with self.together() as database:
            return [self._add(database, episode, moment, model) for episode, moment in moments]

    def _add(self, database: sqlite3.Connection, episode: int, moment: Moment, model: str) -> int:
        action = None if moment.action is None else _bytes(moment.action, np.float32)
        number = self._unused("moments")
        row = (number, episode, moment.stamp_ns, action, moment.distance, moment.surprise, moment.verdict)
        database.execute(
            "INSERT INTO moments (id, episode, stamp_ns, action, distance, surprise, verdict) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        database.executemany(
            "INSERT INTO images VALUES (?, ?, ?)",
            [(number, camera, packed(image)) for camera, image in moment.images.items()],
        )
        database.executemany(
            "INSERT INTO vectors VALUES (?, ?, ?)",
            [(number, sensor, _bytes(values, np.float32)) for sensor, values in moment.vectors.items()],
        )
        if moment.state is not None:
            state = (model, number, _bytes(moment.state, np.float16))
            database.execute("INSERT INTO states VALUES (?, ?, ?)", state)
        return number

    def name(self, name: str, moment: int) -> None:
        """Name a moment; another one with this name loses it.

        Raises:
            MemoryFileError: no such moment, or the name is invalid or a number, which identifies a moment.
        """
        if not is_name(name):
            raise MemoryFileError(
                f"{self.path}: got {shown(name)}, expected a name of 1 to {LONGEST_NAME} printable "
                "characters that are not all digits"
            )
        if not self._asked("SELECT 1 FROM moments WHERE id = ?", (moment,), WHOLE):
            raise MemoryFileError(
                f"{self.path}: no moment {moment}; `ami-ros memory list` shows those there are"
            )
        with self.together() as database:
            database.execute("INSERT OR REPLACE INTO names VALUES (?, ?)", (name, moment))

    def put_states(self, model: str, moments: Sequence[int], states: Floats) -> None:
        """Store the states (N, F) of moments from a model, given by its SHA-256."""
        rows = [(model, moment, _bytes(row, np.float16)) for moment, row in zip(moments, states, strict=True)]
        with self.together() as database:
            database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", rows)

    def forget(self, moments: Sequence[int]) -> int:
        """Remove moments, and episodes without any left; return how many moments were removed."""
        with self.together() as database:
            for table in ("moments", "episodes"):
                database.execute(
                    f"INSERT OR REPLACE INTO highest VALUES (?, {self._unused(table) - 1})", (table,)
                )
            gone = 0
            for page in pages(moments):
                gone += database.execute(
                    f"DELETE FROM moments WHERE id IN {place_holders(page)}", page
                ).rowcount
            database.execute("DELETE FROM episodes WHERE id NOT IN (SELECT episode FROM moments)")
        with told(self.path):
            for _ in self._database.answer("PRAGMA incremental_vacuum"):  # page by page
                pass
        return gone

    def forget_model(self, model: str, task: str | None = None) -> int:
        """Remove the states of a model, of one task or of all; return how many were removed."""
        with self.together() as database:
            return database.execute(
                "DELETE FROM states WHERE model = ?1 AND (?2 IS NULL OR moment IN "
                "(SELECT moments.id FROM moments JOIN episodes ON episode = episodes.id WHERE task = ?2))",
                (model, task),
            ).rowcount


def _bytes(values: NDArray[Any], kind: type[Any]) -> bytes:
    numbers = np.ascontiguousarray(values, dtype=kind)
    if not np.isfinite(numbers).all():
        raise MemoryFileError(f"memory: got numbers that are not finite, expected finite ones: {values!r}")
    return numbers.tobytes()
