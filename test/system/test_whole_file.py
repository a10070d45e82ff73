# SPDX-License-Identifier: Apache-2.0
"""Result files: whole or not at all, and refused before the work where they cannot be written.

The tests also run as root, whom permissions do not stop: the places here refuse everybody.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ami_ros.errors import OutputError
from ami_ros.system.whole_file import check_writable, write_whole

BEFORE, AFTER = b"before", b"after"


@pytest.fixture
def full_disk():
    """No file of this process may hold a byte: as on a disk without space, creating one still works."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(BEFORE)
    return folder / "file" / "figures.json"


def a_folder(folder: Path) -> Path:
    (folder / "figures.json").mkdir()
    return folder / "figures.json"


def not_for_files(folder: Path) -> Path:
    return Path("/proc/figures.json")


def the_folder_itself(folder: Path) -> Path:
    return Path("")


@pytest.fixture(params=[below_a_file, a_folder, not_for_files, the_folder_itself])
def bad_place(request, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return request.param(tmp_path)


@pytest.mark.parametrize("use", [check_writable, lambda path: write_whole(path, AFTER)])
def test_a_bad_place_is_named_with_the_reason_and_left_alone(
    bad_place, tmp_path, use: Callable[[Path], None]
):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        use(bad_place)
    assert str(caught.value).startswith(f"{bad_place}: cannot be written (")
    assert "expected a file in a folder that can be written" in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_noticed_before_the_work_and_in_the_end(tmp_path, full_disk):
    path = tmp_path / "figures.json"
    for use in (check_writable, lambda path: write_whole(path, AFTER)):
        with pytest.raises(OutputError, match=r"figures\.json: cannot be written.*space left"):
            use(path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_survives_a_failure(tmp_path, request):
    path = tmp_path / "figures.json"
    write_whole(path, BEFORE)
    request.getfixturevalue("full_disk")
    with pytest.raises(OutputError):
        write_whole(path, AFTER)
    assert path.read_bytes() == BEFORE
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_and_text_are_written_with_the_folders_above(tmp_path):
    path = tmp_path / "new" / "figures.json"
    write_whole(path, BEFORE)
    assert path.read_bytes() == BEFORE
    write_whole(path, "später")
    assert path.read_bytes() == "später".encode()
    assert list(path.parent.iterdir()) == [path]


def test_to_look_changes_nothing(tmp_path):
    path, other = tmp_path / "figures.json", tmp_path / "new" / "other.json"
    write_whole(path, BEFORE)
    check_writable(path, other, None)
    assert path.read_bytes() == BEFORE
    assert not other.parent.exists()


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    null, full = tmp_path / "null", tmp_path / "full"
    null.symlink_to("/dev/null")
    full.symlink_to("/dev/full")
    check_writable(null, full)
    write_whole(null, AFTER)
    with pytest.raises(OutputError, match="full: cannot be written .No space left"):
        write_whole(full, AFTER)
    assert null.is_symlink() and full.is_symlink()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, there):
    path, link = tmp_path / "disk" / "figures.json", tmp_path / "link.json"
    link.symlink_to("disk/figures.json")
    if there:
        write_whole(path, BEFORE)
    check_writable(link)
    assert path.parent.exists() == there
    write_whole(link, AFTER)
    assert link.is_symlink() and path.read_bytes() == AFTER and not path.is_symlink()
    assert sorted(tmp_path.rglob("*")) == [path.parent, path, link]


def test_what_a_process_has_open_is_written_to_and_not_replaced(tmp_path):
    path = tmp_path / "said"
    with path.open("ab") as said:
        said.write(BEFORE)
        said.flush()
        handle = Path(f"/dev/fd/{said.fileno()}")
        check_writable(handle)
        write_whole(handle, AFTER)
        said.write(BEFORE)
    assert path.read_bytes() == BEFORE + AFTER + BEFORE and list(tmp_path.iterdir()) == [path]


def test_a_pipe_behind_links_is_written_to(tmp_path):
    reads, writes = os.pipe()
    link = tmp_path / "link"
    link.symlink_to(f"/dev/fd/{writes}")
    for name in (link, Path(f"/dev/fd/{writes}")):
        check_writable(name)
        write_whole(name, AFTER)
    os.close(writes)
    with os.fdopen(reads, "rb") as file:
        assert file.read() == AFTER + AFTER
    assert link.is_symlink() and list(tmp_path.iterdir()) == [link]


def test_an_error_of_the_content_is_not_one_of_the_disk(tmp_path):
    with pytest.raises(TypeError):
        write_whole(tmp_path / "figures.json", None)
    assert list(tmp_path.iterdir()) == []
