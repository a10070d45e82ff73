# SPDX-License-Identifier: Apache-2.0
"""Only regular files are read: nothing waits for a pipe."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ami_ros.system.regular_file import open_regular, read_regular


def test_files_and_links_to_them_are_read(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"words")
    link.symlink_to(file)
    for path in (file, link):
        with open_regular(path) as opened:
            assert opened.read() == b"words"
        assert read_regular(path, 5) == b"words"
        with pytest.raises(OSError, match="got 5 bytes, expected at most 4"):
            read_regular(path, 4)


def test_a_file_may_claim_more_than_there_is_room_for(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(OSError, match=f"got {2**40} bytes, expected at most 10"):
        read_regular(path, 10)
    # What is in /proc has no size.
    assert len(read_regular(Path("/proc/self/status"), 2**20)) > 100
    with pytest.raises(OSError, match="expected at most 10"):
        read_regular(Path("/proc/self/status"), 10)


def test_all_else_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name in ("pipe", "link", "folder", "/dev/zero"):
            with pytest.raises(OSError, match="not a regular file"):
                open_regular(tmp_path / name)
        with pytest.raises(OSError, match="No such device"):
            open_regular(tmp_path / "socket")
    for name in ("missing", "a\0b", "\ud800" * 300):
        with pytest.raises(OSError):
            open_regular(tmp_path / name)
