# SPDX-License-Identifier: Apache-2.0
"""How far SQLite reads a write-ahead log. SQLite never reports this: it stops silently at damage.

Source: SQLite, "Database File Format", section 4, "The Write-Ahead Log".
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Of the log: magic, version, page size, sequence number, two salts, two checksums. Of a frame: page, pages
# after a commit or 0, two salts, two checksums.
_HEAD, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")
_MAGIC = {
    0x377F0682: "<u4",
    0x377F0683: ">u4",
}  # magic -> byte order of the words in the checksums
_PAGES = frozenset(2**power for power in range(9, 17))
_AT_ONCE = 64  # frames
Words = NDArray[np.uint32]


class LogEnd(NamedTuple):
    """Where SQLite stops within a log.

    Attributes:
        committed: its valid bytes; 0 if there are none.
        lost: what is wrong with the rest, for people; "" if nothing is: the rest is of an older log.
    """

    committed: int
    lost: str


def end_of(log: Path) -> LogEnd:
    """Return where SQLite stops within a log.

    Raises:
        OSError: it cannot be read.
    """
    size = log.stat().st_size
    with log.open("rb") as file:
        head = file.read(_HEAD.size).ljust(_HEAD.size, b"\0")
        magic, _, page, _, *told = _HEAD.unpack(head)
        salts, total = told[:2], np.array(told[2:], dtype=np.uint32)
        order = _MAGIC.get(magic, "<u4")
        sums = _sums(np.frombuffer(head, order, 6)[None])[0]
        if magic not in _MAGIC or page not in _PAGES or (sums != total).any():
            return LogEnd(0, f"{log.name} is damaged and was not read" if size else "")
        frame, committed, whole = _FRAME.size + page, 0, _HEAD.size
        step = _power(1 + page // 8)
        while chunk := file.read(_AT_ONCE * frame):
            count = len(chunk) // frame
            rows = np.frombuffer(chunk, np.uint8, count * frame).reshape(count, frame)
            words = np.concatenate([rows[:, :8], rows[:, _FRAME.size :]], axis=1).view(order)
            for number, sums in enumerate(_sums(words)):
                _, commits, *told = _FRAME.unpack_from(chunk, number * frame)
                total = step @ total + sums
                if told != [*salts, *total.tolist()]:
                    return _ended(log, committed, whole, told[:2] == salts)
                whole += frame
                committed = whole if commits else committed
            rest = _FRAME.unpack(chunk[count * frame :][: _FRAME.size].ljust(_FRAME.size, b"\0"))
            if list(rest[2:4]) == salts:
                return _ended(log, committed, whole, True)
    return _ended(log, committed, whole, False)


def _ended(log: Path, committed: int, whole: int, goes_on: bool) -> LogEnd:
    if not goes_on and whole == max(committed, _HEAD.size):
        return LogEnd(committed, "")
    where = f"byte {committed} of {log.stat().st_size}"
    return LogEnd(
        committed, f"{log.name} is cut off or damaged after {where}; everything committed before was read"
    )


def _sums(words: NDArray[np.uint32]) -> Words:
    """Return the two checksums (F, 2) of rows of words (F, 2 N), each starting from zero; modulo 2^32."""
    count = words.shape[1] // 2
    weights = np.zeros((count, 2, 2), dtype=np.uint32)
    weight = _FIRST
    for step in reversed(range(count)):
        weights[step] = weight
        weight = _STEP @ weight
    return words.astype(np.uint32) @ weights.transpose(0, 2, 1).reshape(-1, 2)


def _power(steps: int) -> Words:
    """Return the matrix (2, 2) that so many steps apply to the checksums before them."""
    power = np.eye(2, dtype=np.uint32)
    for _ in range(steps):
        power = _STEP @ power
    return power


# A step adds two words x to the checksums s: s = _STEP s + _FIRST x, from s0 += x0 + s1 and s1 += x1 + s0.
_STEP = np.array([[1, 1], [1, 2]], dtype=np.uint32)
_FIRST = np.array([[1, 0], [1, 1]], dtype=np.uint32)
