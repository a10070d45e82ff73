# SPDX-License-Identifier: Apache-2.0
"""Git LFS pointers: a clone without `git lfs pull` has a few lines of text in place of each large file."""

from __future__ import annotations

from pathlib import Path

from ami_ros.system.regular_file import read_regular

MOST_BYTES = 1024  # of a pointer. Source: Git LFS Specification
BEGIN = b"version https://git-lfs.github.com/spec/"
PULL = "run `git lfs pull` in the folder"
ADVICE = f"a Git LFS pointer in place of the file: {PULL}"


def is_pointer(path: Path) -> bool:
    """Return whether a file is a Git LFS pointer; False for what cannot be read."""
    try:
        return read_regular(path, MOST_BYTES).startswith(BEGIN)
    except OSError:  # larger, missing, or no file
        return False
