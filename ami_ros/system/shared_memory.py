# SPDX-License-Identifier: Apache-2.0
"""The shared memory of Fast DDS for large messages: leftovers of killed processes, and free space.

Each process keeps its segments in files of /dev/shm, next to a lock file for each, which it holds locked
(flock) for as long as it lives. A killed process leaves both: 35 MB that are never freed. Fast DDS 2
(Humble, Jazzy) begins the names with fastrtps, 3 (Kilted) with fastdds. Ports without a lock file stay,
because a living process may still send there undetected. They are small, and reused by number.
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
# Memory of one node: segment_size of config/dds/large_data_shm.xml, plus overhead.
NODE_BYTES = 36 * 2**20
# A younger lock file may belong to a process that has not locked it yet.
SETTLED_S = 1.0
_PORT = r"fast(?:dds|rtps)_port[0-9]{1,5}"
_LOCK = re.compile(rf"({_PORT}|fast(?:dds|rtps)_[0-9a-f]{{16}})_[es]l")


class Leftovers(NamedTuple):
    """Segments left by ended processes: their number and size."""

    segments: int
    size_bytes: int

    def __str__(self) -> str:
        return f"{self.segments} segments ({_mib(self.size_bytes)} MiB) left by killed processes"


def is_port(name: str) -> bool:
    """Return whether a file name is that of a port, which processes share, not of one process' segment."""
    return re.fullmatch(_PORT, name) is not None


def leftovers(remove: bool, folder: Path = FOLDER) -> Leftovers:
    """Find the segments of this user whose processes have ended.

    A segment counts only while we hold its locks, so those of living processes are excluded.

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
            # The lock files last: until then, Fast DDS sees that the name is in use.
            files = [file for file in (folder / name, folder / f"sem.{name}_mutex", *locks) if file.exists()]
            count, size = count + 1, size + sum(_size_bytes(file) for file in files)
            if remove:
                for file in files:
                    with suppress(OSError):  # cleanup must not keep a node from its work
                        file.unlink()
    return Leftovers(count, size)


def shortage(nodes: int, folder: Path = FOLDER) -> str:
    """Describe a lack of space for `nodes` more nodes; empty when there is enough."""
    if not folder.is_dir():
        return f"no {folder}: large images take a slower path and may be lost"
    size, _, free = shutil.disk_usage(folder)
    if free >= nodes * NODE_BYTES:
        return ""
    return (
        f"{folder}: got {_mib(free)} of {_mib(size)} MiB free, expected {_mib(nodes * NODE_BYTES)} for "
        f"{nodes} more of our nodes: large images take a slower path and may be lost"
    )


def room(folder: Path = FOLDER) -> str:
    """Describe the size of the folder and its free space."""
    size, _, free = shutil.disk_usage(folder)
    return f"{_mib(free)} of {_mib(size)} MiB free in {folder}"


def _names(folder: Path) -> list[str]:
    try:
        files = os.listdir(folder)
    except OSError:
        return []
    return sorted({match[1] for file in files if (match := _LOCK.fullmatch(file))})


def _take(lock: Path, held: ExitStack) -> bool:
    """Lock a file until `held` is closed, if it is this user's, not new, and not locked elsewhere."""
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
        return os.path.samestat(found, os.stat(lock))  # not removed and recreated meanwhile
    except OSError:
        return False


def _size_bytes(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _mib(size_bytes: int) -> int:
    return size_bytes // 2**20
