# SPDX-License-Identifier: Apache-2.0
"""Files of arrays that claim, or would become, more than any episode has are refused before they are unpacked."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from limited import limited

from ami_ros.episodes import npz
from ami_ros.episodes.npz import MOST_BYTES, MOST_LENGTH, read_npz, write_npz
from ami_ros.errors import EpisodeError

VERSION = 7
NUMBER = io.BytesIO()
np.save(NUMBER, np.int64(VERSION))


def array(
    shape: tuple[int, ...], data: bytes = b"", kind: str = "|u1", version: tuple[int, int] = (1, 0)
) -> bytes:
    """Return a .npy that says that it has such a shape."""
    file = io.BytesIO()
    about = {"descr": kind, "fortran_order": False, "shape": shape}
    write = (
        np.lib.format.write_array_header_1_0 if version == (1, 0) else np.lib.format.write_array_header_2_0
    )
    write(file, about)
    return file.getvalue() + data


def zipped(path: Path, how: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        file.writestr("format_version.npy", NUMBER.getvalue())
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(EpisodeError, match="not a readable episode") as caught:
        read_npz(path, VERSION)
    return str(caught.value)


def test_what_numpy_writes_is_read(tmp_path):
    arrays = {
        "numbers": np.arange(6.0, dtype=np.float32).reshape(2, 3),
        "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "one": np.int64(3),
        "text": np.asarray("words"),
        "texts": np.asarray(["a", "bc"]),
        "none": np.zeros((4, 0, 2), np.uint8),
        "truth": np.asarray([True]),
    }
    write_npz(tmp_path / "a.npz", VERSION, arrays)
    np.savez(tmp_path / "b.npz", format_version=VERSION, **arrays)  # not compressed
    for name in ("a.npz", "b.npz"):
        found = read_npz(tmp_path / name, VERSION)
        assert list(found) == list(arrays)
        for key, value in arrays.items():
            np.testing.assert_array_equal(found[key], value)
    newer = zipped(tmp_path / "c.npz", a=array((3,), b"abc", version=(2, 0)))
    assert read_npz(newer, VERSION)["a"].tobytes() == b"abc"


@pytest.mark.parametrize(
    "data",
    [
        array((4,), b"abc"),
        array((2,), b"abc"),
        array((10**12, 10**12), b"abc"),
        array((-3,), b"abc"),
        array((MOST_LENGTH + 1, 0)),
        array((10**18,), kind="<U0"),
        array((1,), bytes(8), kind="|O"),
        array((1,), bytes(8), kind="<M8[s]"),
        array((1,), bytes(3), kind="|V3"),
        b"\x93NUMPY\x03\x00" + array((3,), b"abc")[8:],
        b"words",
        b"",
    ],
    ids=range(12),
)
def test_an_array_that_is_not_what_it_says_is_refused(tmp_path, data):
    refusal(zipped(tmp_path / "a.npz", a=data))


def test_an_array_is_there_once_and_packed_as_numpy_does(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for data in (b"abc", b"xyz"):
            file.writestr("a.npy", array((3,), data))
    assert "a: got it twice" in refusal(tmp_path / "a.npz")
    for how in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "packed in another way" in refusal(zipped(tmp_path / "b.npz", how, a=array((3,), b"abc")))


def test_there_is_no_more_in_a_file_than_in_any_episode(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.npz", a=array((900,), bytes(900)), b=array((900,), bytes(900)))
    assert len(read_npz(path, VERSION)) == 2
    monkeypatch.setattr(npz, "MOST_BYTES", 2000)
    assert "expected at most 2000" in refusal(path)


def test_the_list_of_arrays_is_short(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.npz", **{f"a{at}": array((1,), b"a") for at in range(30)})
    assert len(read_npz(path, VERSION)) == 30
    monkeypatch.setattr(npz, "MOST_LISTED_BYTES", 1000)
    assert "got a longer list of arrays, expected at most 1000 bytes" in refusal(path)
    # A second list, for larger files, would be believed before the first.
    content = zipped(tmp_path / "b.npz").read_bytes()
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    path.write_bytes(content[:-22] + locator + content[-22:])
    assert "got a longer list of arrays" in refusal(path)
    path.write_bytes(content + b"words")
    assert "it lacks the end of a zip file" in refusal(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    assert "not a regular file" in refusal(tmp_path / "a.npz")


READ = """
import sys
from pathlib import Path
from ami_ros.episodes.episode import read_episode
from ami_ros.errors import EpisodeError

for name in sys.argv[1:]:
    try:
        read_episode(Path(name))
    except EpisodeError as error:
        print(error)
"""


def test_bombs_take_little_memory(tmp_path):
    size = MOST_BYTES + 2**24
    honest, lying = (tmp_path / f"{name}.npz" for name in ("honest", "lying"))
    with (
        zipfile.ZipFile(honest, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("a.npy", "w") as member,
    ):
        member.write(array((size,)))
        for _ in range(size // 2**24):
            member.write(bytes(2**24))
    content = honest.read_bytes()
    at = content.rindex(b"PK\x01\x02") + 24  # where the list says how long it becomes
    lying.write_bytes(content[:at] + struct.pack("<L", 1128) + content[at + 4 :])
    lines, peak_bytes = limited(READ, honest, lying)
    assert len(lines) == 2 and f"expected at most {MOST_BYTES}" in lines[0]
    assert peak_bytes < 2**27
