# SPDX-License-Identifier: Apache-2.0
"""Result files: whole or not at all, and refused before the work where they cannot be written.

The tests also run as root, whom permissions do not stop: the places here refuse everybody.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ami_ros.errors import OutputError
from ami_ros.system.whole_file import PRIVATE, check_writable, write_whole

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
    assert "expected a file in a writable folder" in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_noticed_before_the_work_and_in_the_end(tmp_path, full_disk):
    path = tmp_path / "figures.json"
    for use in (check_writable, lambda path: write_whole(path, AFTER)):
        with pytest.raises(OutputError, match=r"figures\.json: cannot be written.*free space"):
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


def test_files_of_the_user_with_a_likely_name_stay(tmp_path):
    path, own, victim = tmp_path / "figures.json", tmp_path / "figures.json.partial", tmp_path / "victim"
    own.write_bytes(BEFORE)
    victim.write_bytes(BEFORE)
    (tmp_path / "link.json.partial").symlink_to(victim)
    for name in (path, tmp_path / "link.json"):
        check_writable(name)
        write_whole(name, AFTER)
    assert own.read_bytes() == BEFORE and victim.read_bytes() == BEFORE
    assert (tmp_path / "link.json.partial").is_symlink()


@pytest.mark.parametrize("use", [check_writable, lambda path: write_whole(path, AFTER)])
def test_many_may_write_the_same_file_at_once(tmp_path, use: Callable[[Path], None]):
    path, begin = tmp_path / "new" / "figures.json", threading.Barrier(6)

    def many() -> None:
        begin.wait()
        for _ in range(50):
            use(path)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(many) for _ in range(6)]:
            done.result()
    assert not path.exists() or (path.read_bytes() == AFTER and list(path.parent.iterdir()) == [path])


@pytest.fixture
def usual_mask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_modes(tmp_path, usual_mask):
    usual, own, private = (tmp_path / name for name in ("usual", "own", "private"))
    own.write_bytes(BEFORE)
    own.chmod(0o640)
    private.write_bytes(BEFORE)
    write_whole(usual, AFTER)
    write_whole(own, AFTER)
    write_whole(private, AFTER, private=True)
    assert [mode_of(path) for path in (usual, own, private)] == [0o644, 0o640, PRIVATE]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_mode_that_somebody_else_chose_is_not_taken_over(tmp_path, usual_mask):
    path = tmp_path / "figures.json"
    path.write_bytes(BEFORE)
    path.chmod(0o666)
    os.chown(path, 1234, -1)
    write_whole(path, AFTER)
    assert mode_of(path) == 0o644


def test_what_a_killed_process_left_goes_the_day_after(tmp_path):
    old, new, other = tmp_path / ".ami_ros_1.partial", tmp_path / ".ami_ros_2.partial", tmp_path / "x.partial"
    for path in (old, new, other):
        path.write_bytes(BEFORE)
    for path in (old, other):
        os.utime(path, (1.0, 1.0))
    write_whole(tmp_path / "figures.json", AFTER)
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, "figures.json", other.name]


def test_a_killed_process_leaves_a_file_that_is_told_by_its_name(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; import ami_ros.system.whole_file as it\n"
        "it.os.fsync = lambda file: os._exit(9)\nit.write_whole(Path(sys.argv[1]), 'half')"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "figures.json")], check=False)
    (left,) = tmp_path.iterdir()
    assert run.returncode == 9 and left.match(".ami_ros_*.partial")


def test_a_name_that_no_file_can_have(tmp_path):
    for name in ("a" * 300, "\0", "\ud800", f"{'a' * 300}/b"):
        for use in (check_writable, lambda path: write_whole(path, AFTER)):
            with pytest.raises(OutputError, match="cannot be written"):
                use(tmp_path / name)


def test_what_is_no_unicode_is_written_as_what_it_is(tmp_path):
    write_whole(tmp_path / "page.html", "<p>\udcff</p>")
    assert (tmp_path / "page.html").read_text() == "<p>\\udcff</p>"
