# SPDX-License-Identifier: Apache-2.0
"""What is removed from /dev/shm, and above all what is not. With real nodes: test/ros/wire/test_shared_memory.py."""

from __future__ import annotations

import fcntl
import os
import re
import time
from pathlib import Path

import pytest

from ami_ros.settings.share import config_path
from ami_ros.system.shared_memory import NODE_BYTES, Leftovers, leftovers, shortage

SEGMENT = "fastdds_0123456789abcdef"
SIZE = 1000


def lay(folder: Path, name: str, *locks: str, age_s: float = 60.0) -> list[Path]:
    """Make the files of a segment."""
    files = [folder / name, *(folder / f"{name}{lock}" for lock in locks)]
    if "port" in name:
        files.append(folder / f"sem.{name}_mutex")
    for file in files:
        file.write_bytes(bytes(SIZE if file.name == name else 0))
        os.utime(file, (time.time() - age_s,) * 2)
    return files


@pytest.mark.parametrize(
    ("name", "locks"),
    [
        (SEGMENT, ("_el",)),
        (SEGMENT.replace("fastdds", "fastrtps"), ("_el",)),
        ("fastdds_port7411", ("_el",)),
        ("fastrtps_port7400", ("_sl",)),
        ("fastrtps_port7400", ("_el", "_sl")),
    ],
)
def test_what_nobody_holds_is_removed_with_its_locks(tmp_path, name, locks):
    lay(tmp_path, name, *locks)
    assert leftovers(remove=False, folder=tmp_path) == Leftovers(1, SIZE)
    assert leftovers(remove=True, folder=tmp_path) == Leftovers(1, SIZE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [fcntl.LOCK_EX, fcntl.LOCK_SH])
@pytest.mark.parametrize("locked", ["_el", "_sl"])
def test_what_anybody_holds_stays(tmp_path, locked, kind):
    files = lay(tmp_path, "fastdds_port7411", "_el", "_sl")
    with (tmp_path / f"fastdds_port7411{locked}").open() as owner:
        fcntl.flock(owner, kind)
        assert leftovers(remove=True, folder=tmp_path).segments == 0
        assert all(file.exists() for file in files)
    assert leftovers(remove=True, folder=tmp_path).segments == 1


def test_what_was_made_just_now_stays_for_its_owner_may_not_have_locked_it_yet(tmp_path):
    files = lay(tmp_path, SEGMENT, "_el", age_s=0.0)
    assert leftovers(remove=True, folder=tmp_path).segments == 0
    assert all(file.exists() for file in files)


@pytest.mark.parametrize(
    ("name", "lock"),
    [
        (SEGMENT, "_zz"),
        ("fastdds_0123", "_el"),
        ("fastdds_port", "_el"),
        ("someone_0123456789abcdef", "_el"),
        ("my_" + SEGMENT, "_el"),
    ],
)
def test_what_is_not_fast_dds_stays(tmp_path, name, lock):
    files = lay(tmp_path, name, lock)
    assert leftovers(remove=True, folder=tmp_path).segments == 0
    assert all(file.exists() for file in files)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_is_of_another_user_stays(tmp_path):
    for file in lay(tmp_path, SEGMENT, "_el"):
        os.chown(file, 12345, 12345)
    assert leftovers(remove=True, folder=tmp_path).segments == 0


def test_a_lock_that_leads_elsewhere_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    os.utime(elsewhere, (0, 0))
    folder = tmp_path / "shm"
    folder.mkdir()
    (folder / f"{SEGMENT}_el").symlink_to(elsewhere)
    assert leftovers(remove=True, folder=folder).segments == 0
    assert elsewhere.read_text() == "mine" and (folder / f"{SEGMENT}_el").is_symlink()


def test_a_folder_that_is_not_there_has_nothing_and_is_said(tmp_path):
    assert leftovers(remove=True, folder=tmp_path / "shm").segments == 0
    assert "no " in shortage(1, tmp_path / "shm")


def test_too_little_room_is_said_in_numbers(tmp_path):
    assert shortage(0, tmp_path) == ""
    many = 10**9
    assert re.search(
        rf"got \d+ of \d+ MiB free, expected {NODE_BYTES // 2**20 * many} for {many}",
        shortage(many, tmp_path),
    )


def test_a_node_takes_what_the_profile_says():
    profile = config_path("dds", "large_data_shm.xml").read_text()
    segment = int(re.search(r"<segment_size>(\d+)<", profile)[1])
    assert segment < NODE_BYTES < 1.2 * segment
