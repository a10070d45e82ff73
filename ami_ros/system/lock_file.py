# SPDX-License-Identifier: Apache-2.0
"""Mutual exclusion of processes by a file lock.

The kernel releases the lock when the process ends, however it ends: killed processes leave no lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from ami_ros.errors import InUseError, OutputError


class LockFile:
    """A lock, acquired if free, until the block ends. The file stays: deleting it would be a race.

    Args:
        path: of the file; its folder exists.

    Attributes:
        holder: id of the process that has the lock, as it wrote it; None when the lock is ours.

    Raises:
        OSError: the file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self.holder: str | None = None
        # No links: in a shared folder, another user's link could lead to a file of ours.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.write(self._file, b"%d\n" % os.getpid())
        except BlockingIOError:
            self.holder = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock."""
        os.close(self._file)

    def __enter__(self) -> LockFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def only_one(verb: str, folder: Path) -> Iterator[None]:
    """Keep other processes from the same work in `folder`, which is created, while the block runs.

    Args:
        verb: the work, as typed on the command line; another verb may run in the same folder.
        folder: where.

    Raises:
        InUseError: another process does it; names it.
        OutputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = LockFile(folder / f".{verb}.lock")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); expected a folder on a disk with free space"
        ) from error
    with lock:
        if lock.holder is not None:
            raise InUseError(
                f"{folder}: process {lock.holder} already runs `ami-ros {verb}` in it; wait until it ends, "
                "or use another folder"
            )
        yield
