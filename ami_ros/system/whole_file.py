# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all, and a check before the work that fills them."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from io import FileIO
from pathlib import Path

from ami_ros.errors import OutputError

PROBE = bytes(4096)  # a block: a full disk accepts empty files
DEVICES = Path("/dev"), Path("/proc")  # links in them lead to open files of a process, as /dev/stdout does
# Modes: restricted for files with pictures, which may show people.
USUAL, PRIVATE = 0o666, 0o600
RETRIES = 50  # each takes a moment
# Name of a file while it is written. Only a killed process leaves one behind.
PARTIAL, SUFFIX = ".ami_ros_", ".partial"
LEFT_S = 24 * 3600.0  # older leftovers are no longer being written


def write_whole(path: Path, content: bytes | str, private: bool = False) -> None:
    """Write a file and the folders above it; on failure, the previous file stays, and no partial one.

    Args:
        path: a file, or the target of a link; a device or pipe is written to directly.
        content: all of it; text becomes UTF-8, with escape sequences for invalid Unicode.
        private: whether it is for its owner alone; else it gets the mode of the file of ours that it
            replaces, or the usual one.

    Raises:
        OutputError: it cannot be written; gives the reason.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    with _partial(path, PRIVATE if private else None) as partial:
        if partial is None:
            with path.open("ab") as file:  # existing content, as in a file behind /dev/stdout, stays
                file.write(data)
            return
        _write(partial, data)
        os.fsync(partial.fileno())
        os.replace(partial.name, _meant(path))


def check_writable(*paths: Path | None) -> None:
    """Check that files can be written, ignoring None; leave nothing behind.

    Raises:
        OutputError: one cannot; gives the reason.
    """
    for path in paths:
        if path is not None:
            with _told(path):
                missing = [folder for folder in _meant(path).parents if not folder.exists()]
            try:
                with _partial(path) as partial:
                    if partial is not None:
                        _write(partial, PROBE)
            finally:
                for folder in missing:  # the deepest first
                    with suppress(OSError):
                        folder.rmdir()


@contextmanager
def _partial(path: Path, mode: int | None = None) -> Iterator[FileIO | None]:
    """Yield a new file in the folder of `path`, to replace it, and clean it up; None: it is no file.

    Its name is unique, and no link is followed: two processes may write the same file at once, and the last
    one wins.
    """
    with _told(path):
        meant = _meant(path)
        with suppress(FileNotFoundError, NotADirectoryError, ValueError):
            path.lstat()  # why it cannot be looked at, which `is_dir` of Python 3.14 keeps to itself
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        opened = path.is_symlink() and any(folder in path.absolute().parents for folder in DEVICES)
        if opened or (path.exists() and not path.is_file()):
            yield None
            return
        _remove_leftovers(meant.parent)
        with _new_file(meant.parent, mode or USUAL) as file:
            try:
                if mode is None:
                    with suppress(OSError):  # nothing there, or a file system without modes
                        if (before := meant.stat()).st_uid == os.geteuid():
                            os.fchmod(file.fileno(), before.st_mode & 0o777)
                yield file
            finally:
                with suppress(OSError):
                    os.unlink(file.name)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            f"{path}: cannot be written ({why}); expected a file in a writable folder on a disk with free "
            "space"
        ) from error


def _new_file(folder: Path, mode: int) -> FileIO:
    """Return a new file in a folder, which is created."""
    name = str(folder / f"{PARTIAL}{secrets.token_hex(8)}{SUFFIX}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

    def new_file() -> FileIO:
        folder.mkdir(parents=True, exist_ok=True)
        return FileIO(name, "w", opener=lambda name, _: os.open(name, flags, mode))

    for _ in range(RETRIES):  # a process that only checks removes the folder that it created
        with suppress(FileNotFoundError, FileExistsError):
            return new_file()
    return new_file()


def _write(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


@lru_cache(maxsize=64)  # once per process: a folder may hold many thousand files
def _remove_leftovers(folder: Path) -> None:
    """Remove files that killed processes left long ago."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(PARTIAL) and entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFT_S:
                        os.unlink(entry.path)


def _meant(path: Path) -> Path:
    """Return the file that a path leads to through links, which stay unchanged."""
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:  # not a valid name for the system
        raise OSError(errno.EINVAL, str(error)) from error
