# SPDX-License-Identifier: Apache-2.0
"""Pictures that wait in a temporary file, whose disk may be full."""

from __future__ import annotations

import resource
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
import zstandard
from recorded import imported, usual

from ami_ros.errors import OutputError
from ami_ros.recordings.bags.bag import Bag

FEW = 50_000  # bytes: fewer than the pictures need, and what is unpacked


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond FEW bytes, as on a disk with as much space."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FEW, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_no_malformed_picture(tmp_path):
    bag = usual(4.0).write(tmp_path / "bag")
    with (
        full_disk(),
        pytest.raises(OutputError, match=rf"{tempfile.gettempdir()}: .*File too large.* TMPDIR="),
    ):
        imported(bag, tmp_path / "data")


def test_nor_a_damaged_file(tmp_path):
    (path,) = usual(4.0).write(tmp_path / "bag", "none").glob("*.mcap")
    packed = path.with_name(f"{path.name}.zstd")
    packed.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    path.unlink()
    assert len(list(Bag(packed).messages())) > 100
    with (
        full_disk(),
        pytest.raises(OutputError, match=rf"{tempfile.gettempdir()}: .*File too large.* TMPDIR="),
    ):
        list(Bag(packed).messages())


def test_nor_a_row_without_a_picture(tmp_path):
    pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
    from lerobot_data import MADE

    with (
        full_disk(),
        pytest.raises(OutputError, match=rf"{tempfile.gettempdir()}: .*File too large.* TMPDIR="),
    ):
        imported(MADE, tmp_path / "data", features={"camera": "observation.images.front"})
