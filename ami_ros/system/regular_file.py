# SPDX-License-Identifier: Apache-2.0
"""Open external files for reading; a pipe or device is refused, because opening it could block."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Opening a pipe blocks until another process writes to it, unless this flag is set.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def is_there(path: Path) -> bool:
    """Return whether there is a file or folder; False for a name that the system does not allow."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def open_regular(path: Path) -> BinaryIO:
    """Open a file, or the target of a link, for reading.

    Raises:
        OSError: it is missing or cannot be opened, or is a folder, pipe, socket or device.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # not a valid name for the system
        raise OSError(errno.EINVAL, str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the whole content of a file.

    Raises:
        OSError: as `open_regular`, or the file has more than `most_bytes`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= most_bytes:
            data = file.read(most_bytes + 1)  # it may have grown
            size = len(data)
            if size <= most_bytes:
                return data
    raise OSError(errno.EFBIG, f"got {size} bytes, expected at most {most_bytes}")
