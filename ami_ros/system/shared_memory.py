# SPDX-License-Identifier: Apache-2.0
"""The shared memory that Fast DDS sends large messages through: what killed processes left, and the room.

Each process keeps its segments in files of /dev/shm, next to a lock file for each, which it holds locked
(flock) for as long as it lives. A process that is killed leaves both: 35 MB, which nobody ever frees. Fast
DDS 2 (Humble, Jazzy) begins the names with fastrtps, 3 (Kilted) with fastdds. Ports without a lock file
stay: a living process may send there, and nothing tells. They are small, and used again by number.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

FOLDER = Path("/dev/shm")
# What one node takes: segment_size of config/dds/large_data_shm.xml, and what lies around it.
NODE_BYTES = 36 * 2**20
# A lock file this young may belong to a process that has not come to locking it yet.
SETTLED_S = 1.0
_PORT = r"fast(?:dds|rtps)_port[0-9]{1,5}"
_LOCK = re.compile(rf"({_PORT}|fast(?:dds|rtps)_[0-9a-f]{{16}})_[es]l")


class Leftovers(NamedTuple):
    """What processes left that are gone: number of segments, and their size."""

    segments: int
    size_bytes: int

    def __str__(self) -> str:
        return f"{self.segments} segments ({_mib(self.size_bytes)} MiB) of processes that were killed"


def is_port(name: str) -> bool:
    """Return whether a file of this name is a port, which processes share, not the segment of one of them."""
    return re.fullmatch(_PORT, name) is not None


def leftovers(remove: bool, folder: Path = FOLDER) -> Leftovers:
    """Find the segments of this user whose processes are gone.

    A segment counts only while we hold its locks, so none of a living process can be among them.

    Args:
        remove: whether to remove them.
        folder: where they are.
    """
    count = size = 0
    for name in _names(folder):
        with ExitStack() as held:
            locks = [lock for lock in (folder / f"{name}_el", folder / f"{name}_sl") if lock.exists()]
            if not all([_take(lock, held) for lock in locks]):
                continue
            # The lock files last: until then, Fast DDS sees that the name is taken.
            files = [file for file in (folder / name, folder / f"sem.{name}_mutex", *locks) if file.exists()]
            count, size = count + 1, size + sum(_size_bytes(file) for file in files)
            if remove:
                for file in files:
                    with suppress(OSError):  # tidying up must not keep a node from its work
                        file.unlink()
    return Leftovers(count, size)


def shortage(nodes: int, folder: Path = FOLDER) -> str:
    """Say what is wrong with the room for `nodes` more nodes; empty when there is enough."""
    if not folder.is_dir():
        return f"no {folder}: large images take a slower way, and may be lost"
    size, _, free = shutil.disk_usage(folder)
    if free >= nodes * NODE_BYTES:
        return ""
    return (
        f"{folder}: got {_mib(free)} of {_mib(size)} MiB free, expected {_mib(nodes * NODE_BYTES)} for "
        f"{nodes} more of our nodes: large images take a slower way, and may be lost"
    )


def room(folder: Path = FOLDER) -> str:
    """Say how large the folder is, and how much of it is free."""
    size, _, free = shutil.disk_usage(folder)
    return f"{_mib(free)} of {_mib(size)} MiB free in {folder}"


def _names(folder: Path) -> list[str]:
    try:
        files = os.listdir(folder)
    except OSError:
        return []
    return sorted({match[1] for file in files if (match := _LOCK.fullmatch(file))})


def _take(lock: Path, held: ExitStack) -> bool:
    """Lock a file until `held` is closed, if it is this user's, not new, and nobody else holds it."""
    import fcntl  # here: not on every system, but on all that have the folder

    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    held.callback(os.close, descriptor)
    found = os.fstat(descriptor)
    age_s = time.time() - found.st_mtime
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or age_s < SETTLED_S:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(found, os.stat(lock))  # not removed and made again meanwhile
    except OSError:
        return False


def _size_bytes(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _mib(size_bytes: int) -> int:
    return size_bytes // 2**20
