# SPDX-License-Identifier: Apache-2.0
"""A full disk for temporary files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ami_ros.errors import OutputError


@contextmanager
def temporary_space() -> Iterator[None]:
    """Enclose code that writes temporary files.

    Raises:
        OutputError: they cannot be written; reports where, and how to choose another place.
    """
    try:
        yield
    except OSError as error:
        place = tempfile.tempdir or os.environ.get("TMPDIR", "/tmp")  # tempfile may have found no folder
        raise OutputError(
            f"{place}: cannot write a temporary file ({error.strerror or error}); expected space for all "
            "pictures and unpacked files: TMPDIR=/another/folder"
        ) from error
