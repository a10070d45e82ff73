# SPDX-License-Identifier: Apache-2.0
"""Reads a memory file: moments by episode, their states by model, and names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import MemoryFileError, shown
from ami_ros.memory.moment import Episode, Floats, Kind, Moment, Remembered
from ami_ros.memory.pictures import unpacked
from ami_ros.memory.schema import make_private, open_database, told
from ami_ros.system.foreign_database import AT_ONCE
from ami_ros.types import RARE_SURPRISE, ImageArray

Ids = NDArray[np.int64]
# Joins each state with its model and task.
STATES = "states JOIN moments ON moment = moments.id JOIN episodes ON episode = episodes.id"
PAGE = 100  # moments read at once: their pictures are in memory together
MOST_PICTURE_BYTES = 2**28  # of all in memory together; 100 moments of four cameras take 60 MB
LONGEST_TEXT = 1000  # characters of any name in a file from elsewhere
LISTED = 20  # names in a message
# Types of the columns of a result: SQLite enforces them only in files that we write.
Types = frozenset[type]
TEXT, WHOLE, BYTES, NUMBER = (frozenset({kind}) for kind in (str, int, bytes, float))
NOTHING = frozenset({type(None)})
Self = TypeVar("Self", bound="MemoryReader")


@dataclass(frozen=True)
class MemoryFigures:
    """How much a memory holds.

    Attributes:
        episodes: number of episodes.
        moments: number of moments.
        names: number of names.
        surprising: number of moments with a surprise above 1.
        states: number of states, by model.
        bytes: size on disk, without reusable free space.
    """

    episodes: int
    moments: int
    names: int
    surprising: int
    states: dict[str, int]
    bytes: int


class MemoryReader:
    """Reads one SQLite file, also while another process writes it. For one thread at a time.

    Args:
        path: path of the file.

    Raises:
        MemoryFileError: see `open_database`.
    """

    _read_only = True

    def __init__(self, path: Path) -> None:
        self.path, self._database = path, open_database(path, self._read_only)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, question: str, values: Sequence[object], *columns: Types) -> list[tuple[Any, ...]]:
        return list(self._rows(question, values, *columns))

    def _rows(
        self, question: str, values: Sequence[object], *columns: Types, at_once: int = AT_ONCE
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a result.

        Args:
            question: SQL query.
            values: values of its placeholders.
            columns: allowed types of each column of the result.
            at_once: rows in memory.

        Raises:
            MemoryFileError: a column has another type.
        """
        with told(self.path):
            for rows in self._database.answer(question, values, at_once):
                for column, types in zip(zip(*rows, strict=True), columns, strict=True):
                    self._check(column, types)
                yield from rows

    def _check(self, column: Sequence[Any], types: Types) -> None:
        if not types.issuperset(map(type, column)):
            wrong = next(value for value in column if type(value) not in types)
            names = " or ".join(sorted(kind.__name__ for kind in types))
            raise MemoryFileError(f"{self.path}: got {shown(wrong)}, expected {names}; it is damaged")
        longest = max(map(len, column)) if types is TEXT else 0
        if longest > LONGEST_TEXT:
            raise MemoryFileError(
                f"{self.path}: got a name of {longest} characters, expected at most {LONGEST_TEXT}; it is "
                "damaged"
            )

    def back_up(self, copy: sqlite3.Connection) -> None:
        """Copy the whole database."""
        with told(self.path):
            # In steps, to handle signals in between.
            self._database.backup(copy, pages=PAGE, progress=lambda status, remaining, total: None)

    def named(self, name: str) -> Remembered:
        """Return the moment with a name.

        Raises:
            MemoryFileError: no moment has this name; lists the existing names.
        """
        found = self._asked("SELECT moment FROM names WHERE name = ?", (name,), WHOLE)
        if not found:
            names = list(self.names())
            known = ", ".join(names[:LISTED]) or "none yet; send one to ~/remember"
            known += f" and {len(names) - LISTED} more" * (len(names) > LISTED)
            raise MemoryFileError(f"{self.path}: got name {shown(name)}, expected one of: {known}")
        return self.moments([found[0][0]])[0]

    def names(self, task: str | None = None) -> dict[str, int]:
        """Return name -> moment, in alphabetical order; for one task, or for all."""
        rows = self._asked(
            "SELECT name, moment FROM names JOIN moments ON moment = moments.id JOIN episodes ON "
            "episode = episodes.id WHERE ? IS NULL OR task = ? ORDER BY name",
            (task, task),
            TEXT,
            WHOLE,
        )
        return dict(rows)

    def episodes(self) -> dict[int, Episode]:
        """Return all episodes, by number."""
        question = "SELECT id, task, goal, outcome FROM episodes ORDER BY id"
        rows = self._asked(question, (), WHOLE, TEXT, TEXT, TEXT)
        return {number: Episode(*values) for number, *values in rows}

    def ids(
        self, task: str | None = None, without: str | None = None, episode: int | None = None
    ) -> list[int]:
        """Return the ids of moments, ascending: of a task, without a state of a model, of an episode."""
        rows = self._asked(
            "SELECT moments.id FROM moments JOIN episodes ON episode = episodes.id "
            "WHERE (?1 IS NULL OR task = ?1) AND (?2 IS NULL OR NOT EXISTS "
            "(SELECT 1 FROM states WHERE model = ?2 AND moment = moments.id)) "
            "AND (?3 IS NULL OR episode = ?3) ORDER BY moments.id",
            (task, without, episode),
            WHOLE,
        )
        return [row[0] for row in rows]

    def moments(self, ids: Sequence[int], sensed: bool = True) -> list[Remembered]:
        """Return moments in the order of `ids`; if not `sensed`, without sensor readings and names.

        Raises:
            MemoryFileError: one is missing or damaged, or their pictures are too large to load together.
        """
        images = self._pictures(ids) if sensed else {}
        found: dict[int, Remembered] = {}
        for page in pages(ids):
            found.update(self._page(page, sensed, images))
        if missing := [number for number in ids if number not in found]:
            raise MemoryFileError(
                f"{self.path}: got moments {missing[:10]}, which are not in it; they may have been forgotten"
            )
        return [found[number] for number in ids]

    def _pictures(self, ids: Sequence[int]) -> dict[int, dict[str, ImageArray]]:
        """Return the pictures of moments, by camera."""
        found: dict[int, dict[str, ImageArray]] = {}
        held = 0
        for page in pages(ids):
            question = f"SELECT moment, camera, png FROM images WHERE moment IN {place_holders(page)}"
            for number, camera, png in self._rows(question, page, WHOLE, TEXT, BYTES, at_once=1):
                image = unpacked(png, f"{self.path}: moment {number}")
                held += image.nbytes
                if held > MOST_PICTURE_BYTES:
                    raise MemoryFileError(
                        f"{self.path}: got more than {MOST_PICTURE_BYTES} bytes of pictures in {len(ids)} "
                        "moments, expected less; request fewer at once"
                    )
                found.setdefault(number, {})[camera] = image
        return found

    def _page(
        self, page: list[int], sensed: bool, images: dict[int, dict[str, ImageArray]]
    ) -> dict[int, Remembered]:
        vectors: dict[int, dict[str, Floats]] = {number: {} for number in page}
        names: dict[int, list[str]] = {number: [] for number in page}
        where = f"WHERE moment IN {place_holders(page)}"
        if sensed:
            question = f"SELECT moment, sensor, measured FROM vectors {where}"
            for number, sensor, measured in self._rows(question, page, WHOLE, TEXT, BYTES):
                vectors[number][sensor] = self._numbers(measured, np.float32)
            question = f"SELECT name, moment FROM names {where} ORDER BY name"
            for name, number in self._rows(question, page, TEXT, WHOLE):
                names[number].append(name)
        rows = self._asked(
            "SELECT moments.id, episode, stamp_ns, action, distance, surprise, verdict FROM moments "
            f"JOIN episodes ON episode = episodes.id WHERE moments.id IN {place_holders(page)}",
            page,
            *(WHOLE, WHOLE, WHOLE, BYTES | NOTHING, NUMBER | NOTHING, NUMBER | NOTHING, TEXT),
        )
        return {
            number: Remembered(
                number,
                episode,
                Moment(
                    stamp_ns=stamp_ns,
                    images=images.get(number, {}),
                    vectors=vectors[number],
                    action=None if action is None else self._numbers(action, np.float32),
                    distance=distance,
                    surprise=surprise,
                    verdict=verdict,
                ),
                tuple(names[number]),
            )
            for number, episode, stamp_ns, action, distance, surprise, verdict in rows
        }

    def kinds(self, model: str, rare: float) -> dict[Kind, list[int]]:
        """Return the ids, ascending, of unnamed moments before the newest one, by kind.

        Args:
            model: model whose states count, if a moment has states of several.
            rare: threshold above which a moment is surprising.
        """
        rows = self._rows(
            "SELECT moments.id, task, (SELECT model FROM states WHERE moment = moments.id "
            "ORDER BY model = ?1 DESC LIMIT 1), coalesce(surprise > ?2, 0) "
            "FROM moments JOIN episodes ON episode = episodes.id WHERE moments.id NOT IN "
            "(SELECT moment FROM names) AND moments.id < (SELECT max(id) FROM moments) ORDER BY moments.id",
            (model, rare),
            *(WHOLE, TEXT, TEXT | NOTHING, WHOLE),
        )
        found: dict[Kind, list[int]] = {}
        for number, task, seen_by, surprises in rows:
            found.setdefault(Kind(task, seen_by, bool(surprises)), []).append(number)
        return found

    def states_of(self, model: str | None, ids: Sequence[int]) -> tuple[Ids, NDArray[np.float16]]:
        """Return the ids (N,), ascending, of moments that a model (None: none) encoded, and states (N, F).

        Raises:
            MemoryFileError: they are not of one size.
        """
        rows: list[tuple[Any, ...]] = []
        for page in pages(sorted(ids)):
            where = f"WHERE model = ? AND moment IN {place_holders(page)}"
            question = f"SELECT moment, state FROM states {where} ORDER BY moment"
            rows += self._asked(question, [model, *page], WHOLE, BYTES)
        return self._stacked(rows)

    def states(self, model: str, task: str | None = None, after: int = 0) -> tuple[Ids, NDArray[np.float16]]:
        """Return ids (N,) above `after`, ascending, and their states (N, F) from a model.

        Raises:
            MemoryFileError: they are not of one size.
        """
        rows = self._asked(
            f"SELECT moment, state FROM {STATES} WHERE model = ?1 AND moment > ?2 "
            "AND (?3 IS NULL OR task = ?3) ORDER BY moment",
            (model, after, task),
            WHOLE,
            BYTES,
        )
        return self._stacked(rows)

    def seen(self, model: str, task: str, up_to: int) -> Ids:
        """Return the ids (N,), ascending, up to `up_to`, of a task's moments that a model encoded."""
        rows = self._asked(
            f"SELECT moment FROM {STATES} WHERE model = ? AND task = ? AND moment <= ? ORDER BY moment",
            (model, task, up_to),
            WHOLE,
        )
        return np.array([row[0] for row in rows], dtype=np.int64)

    def _stacked(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Ids, NDArray[np.float16]]:
        sizes = {len(state) for _, state in rows} or {0}
        if len(sizes) > 1:
            raise MemoryFileError(
                f"{self.path}: got states of {sorted(sizes)} bytes from one model, expected one size; "
                "run `ami-ros memory reindex`"
            )
        ids = np.array([number for number, _ in rows], dtype=np.int64)
        joined = self._numbers(b"".join(state for _, state in rows), np.float16)
        return ids, joined.reshape(len(rows), sizes.pop() // 2)

    def _numbers(self, blob: bytes, kind: type[Any]) -> NDArray[Any]:
        if len(blob) % np.dtype(kind).itemsize:
            raise MemoryFileError(
                f"{self.path}: got {len(blob)} bytes of numbers, expected a multiple of a number's size"
            )
        numbers = np.frombuffer(blob, kind)
        if not np.isfinite(numbers).all():
            raise MemoryFileError(f"{self.path}: got numbers that are not finite; it is damaged")
        return numbers

    def figures(self) -> MemoryFigures:
        """Return how much the memory holds."""
        # count(*) alone would read all pages in one step and block signals for as long as that takes.
        episodes, moments, names, surprising = (
            int(self._asked(f"SELECT count(1) FROM {what}", (), WHOLE)[0][0])
            for what in ("episodes", "moments", "names", f"moments WHERE surprise > {RARE_SURPRISE}")
        )
        states = dict(self._asked("SELECT model, count(1) FROM states GROUP BY model", (), TEXT, WHOLE))
        return MemoryFigures(episodes, moments, names, surprising, states, self.bytes)

    def is_whole(self) -> bool:
        """Return whether SQLite finds no error in the file; reads all of it."""
        with told(self.path):
            found, strays = (
                list(self._database.answer(f"PRAGMA {name}_check")) for name in ("integrity", "foreign_key")
            )
        return found == [[("ok",)]] and not strays

    @property
    def bytes(self) -> int:
        """Size on disk, without reusable free space."""
        names = ("page_count", "freelist_count", "page_size")
        used, free, size = (int(self._asked(f"PRAGMA {name}", (), WHOLE)[0][0]) for name in names)
        return (used - free) * size


def copy_of(path: Path, copy: Path) -> None:
    """Write a copy of a memory, also while another process writes it.

    Raises:
        MemoryFileError: see `open_database`.
        OutputError: the copy cannot be made.
    """
    with MemoryReader(path) as reader:
        make_private(copy)
        with closing(sqlite3.connect(copy)) as database:
            reader.back_up(database)


def pages(ids: Sequence[int]) -> Iterator[list[int]]:
    """Return ids in lists that fit into one query."""
    numbers = [int(number) for number in ids]
    for first in range(0, len(numbers), PAGE):
        yield numbers[first : first + PAGE]


def place_holders(page: Sequence[int]) -> str:
    """Return the placeholders of a list of values."""
    return f"({', '.join('?' * len(page))})"
