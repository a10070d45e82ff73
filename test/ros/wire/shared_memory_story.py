# SPDX-License-Identifier: Apache-2.0
"""What nodes leave in /dev/shm when they are killed, and that the next one removes it and nothing else.

Run by test_shared_memory.py, in a /dev/shm of its own: any node that starts on this machine tidies up there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ami_ros.doctor.machine import shared_memory
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NodeProcess
from ami_ros.system.shared_memory import FOLDER, NODE_BYTES, SETTLED_S

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs /dev/shm")
SEGMENTS = 4  # of a node: its messages, large and small, and two ports to receive on


def owned(process: NodeProcess) -> set[str]:
    """Names of the segments that a living process holds the lock of."""
    found = set()
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            target = Path(os.readlink(descriptor))
        except FileNotFoundError:
            continue
        if target.parent == FOLDER and target.name.endswith(("_el", "_sl")):
            found.add(target.name[:-3])
    return found


def there(names: set[str]) -> set[str]:
    return {name for name in names if (FOLDER / name).exists()}


@pytest.fixture
def stranger(start, environment, straight_line, tmp_path):
    """A node in a domain of its own: Fast DDS has nodes that know each other tidy up, too."""
    with own_domain() as domain:
        elsewhere = {**environment, "ROS_DOMAIN_ID": str(domain)}
        with NodeProcess(straight_line, tmp_path / "stranger.log", elsewhere) as process:
            yield process


def test_the_next_start_removes_what_killed_nodes_left_and_nothing_of_the_living(
    start, probe, straight_line, stranger
):
    def settled(process: NodeProcess) -> bool:
        process.check()
        locks = [FOLDER / f"{name}_el" for name in owned(process)]
        return len(locks) >= SEGMENTS and all(
            time.time() - lock.stat().st_mtime > SETTLED_S for lock in locks
        )

    probe.until(lambda: settled(stranger), "a node with its segments")
    doomed = start(straight_line)
    probe.until(lambda: settled(doomed), "a node with its segments")
    before, lives = owned(doomed), owned(stranger)
    doomed.kill()
    private = {name for name in before if "port" not in name}  # ports are used again, by number
    size = sum((FOLDER / name).stat().st_size for name in private)
    assert there(before) == before and 0.9 * NODE_BYTES < size < NODE_BYTES

    finding = shared_memory()
    assert finding.level == "warn" and "left by killed processes" in finding.advice

    heir = start(straight_line)
    probe.until(lambda: len(owned(heir)) >= SEGMENTS, "the next node with its segments")
    assert there(before) <= owned(heir), "nothing is left of the killed one"
    assert not [file for name in before - owned(heir) for file in FOLDER.glob(f"*{name}*")]
    assert "shared memory: removed " in heir.log_path.read_text()
    assert there(lives) == lives == owned(stranger)
    stranger.check()
