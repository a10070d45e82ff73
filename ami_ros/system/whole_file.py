# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all, and whether they can: before the work that fills them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ami_ros.errors import OutputError

PROBE = bytes(4096)  # a block: a full disk takes empty files
DEVICES = Path("/dev"), Path("/proc")  # links in them lead to what a process has open, as /dev/stdout does


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file and the folders above it; if that fails, what was there before stays, and nothing half.

    Args:
        path: a file, or what a link leads to; a device or pipe is written to directly.
        content: all of it; text becomes UTF-8.

    Raises:
        OutputError: it cannot be written; says why.
    """
    data = content.encode() if isinstance(content, str) else content
    with _partial(path) as partial:
        if partial is None:
            with path.open("ab") as file:  # what is there already, as in a file behind /dev/stdout, stays
                file.write(data)
            return
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(_meant(path))


def check_writable(*paths: Path | None) -> None:
    """Make sure that files can be written, None aside; leaves nothing behind.

    Raises:
        OutputError: one cannot; says why.
    """
    for path in paths:
        if path is not None:
            missing = [folder for folder in _meant(path).parents if not folder.exists()]
            try:
                with _partial(path) as partial:
                    if partial is not None:
                        partial.write_bytes(PROBE)
            finally:
                for folder in missing:  # the deepest first
                    with suppress(OSError):
                        folder.rmdir()


@contextmanager
def _partial(path: Path) -> Iterator[Path | None]:
    """Give the name under which `path` is to be written, and tidy it away; None if it cannot be replaced."""
    meant = _meant(path)
    partial = meant.parent / f"{meant.name}.partial"
    try:
        meant.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "this is a folder")
        opened = path.is_symlink() and any(folder in path.absolute().parents for folder in DEVICES)
        yield partial if not opened and (path.is_file() or not path.exists()) else None
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            f"{path}: cannot be written ({why}); expected a file in a folder that can be written, "
            "on a disk with space left"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _meant(path: Path) -> Path:
    """Return the file itself that a path leads to over links, which stay as they are."""
    return Path(os.path.realpath(path))
