# SPDX-License-Identifier: Apache-2.0
"""Shared memory of nodes, in mount namespaces where no other node of this machine reaches."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ami_ros.system.shared_memory import FOLDER

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs /dev/shm")
STORY = Path(__file__).with_name("shared_memory_story.py")


@pytest.fixture
def own_memory():
    """Return what to put before a command so that it runs with a /dev/shm of its own, of a given size in MiB."""

    def command(mib: int) -> list[str]:
        mount = f"mount -t tmpfs -o size={mib}m tmpfs {FOLDER}"
        return ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{mount} && exec "$@"', "sh"]

    try:
        subprocess.run([*command(1), "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"may not mount: {error}")
    return command


def test_what_killed_nodes_left_is_removed_and_nothing_of_the_living(own_memory, environment, tmp_path):
    story = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={tmp_path / 'story'}",
    ]
    outer = [name for name in os.environ if name.startswith("PYTEST_")]  # what runs us says how, for us alone
    told = subprocess.run(
        [*own_memory(1024), *story, STORY],
        env={name: value for name, value in environment.items() if name not in outer},
        text=True,
        capture_output=True,
        timeout=300.0,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"^1 passed", told.stdout, re.MULTILINE)


def test_too_little_shared_memory_is_said_at_start(own_memory, environment, straight_line, tmp_path):
    """In a mount namespace of its own, with a /dev/shm as small as in a container."""
    log = tmp_path / "node.log"
    node = ["timeout", "20", sys.executable, straight_line, "--ros-args"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*own_memory(8), *node], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 20.0
        while "\n" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert re.search(r"shared memory: /dev/shm: got \d of 8 MiB free, expected 36 for 1", log.read_text())
    finally:
        process.terminate()
        process.wait(20.0)
