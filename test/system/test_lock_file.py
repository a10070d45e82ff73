# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys

import pytest
from child_environment import child_environment

from ami_ros.errors import InUseError, OutputError
from ami_ros.system.lock_file import LockFile, only_one

# Takes the lock, says so, and goes on for ever.
HOLD = """
import sys, time
from pathlib import Path
from ami_ros.system.lock_file import only_one
with only_one("train", Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, env=child_environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_who_is_there_and_what_to_do(tmp_path, holder):
    expected = f"{tmp_path}: process {holder.pid} already runs `ami-ros train` in it; wait .* another folder"
    with pytest.raises(InUseError, match=expected), only_one("train", tmp_path):
        pytest.fail("two at once")


def test_another_verb_may(tmp_path, holder):
    with only_one("model", tmp_path):
        pass


def test_a_killed_holder_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    with only_one("train", tmp_path), LockFile(tmp_path / ".train.lock") as other:
        assert other.holder == str(os.getpid())


def test_the_lock_is_free_after_the_block_also_when_it_fails(tmp_path):
    folder = tmp_path / "new"
    with pytest.raises(ZeroDivisionError), only_one("train", folder):
        raise ZeroDivisionError
    with LockFile(folder / ".train.lock") as lock:
        assert lock.holder is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    expected = r"file/run: cannot be written \(Not a directory\)"
    with pytest.raises(OutputError, match=expected), only_one("train", tmp_path / "file" / "run"):
        pytest.fail("no such folder")


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "mine.txt"
    target.write_text("precious")
    (tmp_path / ".train.lock").symlink_to(target)
    with pytest.raises(OutputError), only_one("train", tmp_path):
        pytest.fail("followed")
    assert target.read_text() == "precious"
