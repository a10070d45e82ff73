# SPDX-License-Identifier: Apache-2.0
"""Processes that we start end with us, whatever ends us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from command import runs

from ami_ros.system.processes import NodeProcess
from ami_ros.system.shared_memory import FOLDER

END_S = 15.0
LOCKS = 4  # a node: two segments and two ports
PARENT = """
import os, sys, time
from pathlib import Path
from ami_ros.system.processes import NodeProcess
folder = Path(sys.argv[1])
nodes = [NodeProcess(program, folder / f"{i}.log", os.environ) for i, program in enumerate(sys.argv[2:])]
print(*(node.pid for node in nodes), flush=True)
time.sleep(60.0)
"""
DEAF = """
import signal, time
from ami_ros.system.parent_watch import end_with_parent
signal.signal(signal.SIGTERM, lambda number, frame: print("deaf", flush=True))
end_with_parent(grace_s=0.5)
print("listens", flush=True)
while True:
    time.sleep(0.1)
"""


def wait(condition: Callable[[], bool], what: str, timeout_s: float = END_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s} s: {what}")
        time.sleep(0.05)


@pytest.fixture
def parent(environment, tmp_path) -> Iterator[Callable[..., tuple[subprocess.Popen, list[int]]]]:
    """Start a process that starts nodes; returns it and their process ids."""
    started: list[int] = []
    processes: list[subprocess.Popen] = []

    def start(*programs: str | Path) -> tuple[subprocess.Popen, list[int]]:
        command = [sys.executable, "-c", PARENT, str(tmp_path), *map(str, programs)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        children = [int(pid) for pid in process.stdout.readline().split()]
        started.extend(children)
        return process, children

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
    for pid in filter(runs, started):
        os.kill(pid, signal.SIGKILL)


def test_nodes_end_with_a_killed_parent_and_the_gate_in_order(parent, straight_line, tmp_path):
    process, children = parent("ami_ros.ros.gate.node", straight_line)
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    locks = [set(), set()]

    def running() -> bool:
        locks[:] = [_locks(pid) for pid in children]
        return all(len(found) >= LOCKS for found in locks)

    wait(running, "nodes that run")
    process.kill()
    wait(lambda: not any(map(runs, children)), "the end of the nodes")
    assert not any("Traceback" in log.read_text() for log in logs)
    left = {lock for found in locks for lock in found} & _present()
    assert not left, "they tidied up, as by SIGTERM"


class Lock(NamedTuple):
    """A lock file; its inode too, for ports are used again by number, by whoever starts next."""

    name: str
    inode: int


def _locks(pid: int) -> set[Lock]:
    """Lock files of the shared memory that a node holds once it runs."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # a node that starts opens and closes many files
            file = descriptor.readlink()
            if file.parent == FOLDER and file.name.endswith("_el"):
                found.add(Lock(file.name, descriptor.stat().st_ino))
    return found


def _present() -> set[Lock]:
    """Lock files that are there."""
    with os.scandir(FOLDER) as entries:
        return {Lock(entry.name, entry.inode()) for entry in entries if entry.name.endswith("_el")}


def test_a_parent_that_is_gone_before_the_nodes_have_started_is_noticed(parent, straight_line):
    process, children = parent(straight_line)
    process.kill()
    wait(lambda: not any(map(runs, children)), "the end of the node")


def test_a_child_that_does_not_listen_is_killed(environment, tmp_path):
    program = tmp_path / "deaf.py"
    program.write_text(DEAF)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), str(program)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    log = tmp_path / "0.log"
    wait(lambda: "listens" in log.read_text(), "a child that runs")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait(lambda: not runs(child), "its end")
    assert "deaf" in log.read_text()


def test_a_node_started_by_hand_needs_no_open_input(environment, straight_line, probe, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        node = subprocess.Popen(
            [sys.executable, str(straight_line)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        probe.until(lambda: "planner" in probe.node.get_node_names(), "a node that runs")
        probe.spin(0.5)
        assert node.poll() is None
    finally:
        node.terminate()
        assert node.wait(20.0) == 0


def test_a_node_that_was_ended_leaves_no_pipe(start, straight_line):
    before = len(os.listdir("/proc/self/fd"))
    node: NodeProcess = start(straight_line)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    node.kill()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_killed_demo_leaves_no_node(environment, tmp_path):
    pytest.importorskip("pybullet", reason="the simulator is not installed")
    pytest.importorskip("torch", reason="needs torch")
    command = [sys.executable, "-m", "ami_ros.cli.main", "demo", "--out", str(tmp_path), "--no-video"]
    demo = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children: list[int] = []

    def started() -> bool:
        assert demo.poll() is None, "the demo ended before it was killed"
        children[:] = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if _parent_of(stat) == demo.pid and runs(int(stat.parent.name))
        ]
        return len(children) == 3

    try:
        wait(started, "three nodes", 60.0)
        demo.kill()
        demo.wait()
        wait(lambda: not any(map(runs, children)), "the end of the nodes")
    finally:
        for pid in filter(runs, children):
            os.kill(pid, signal.SIGKILL)


def _parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
