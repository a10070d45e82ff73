# SPDX-License-Identifier: Apache-2.0
"""`ami-ros` in a process of its own, as a shell starts it: to read what it says, and to send it signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from child_environment import child_environment
from warm import WarmPopen

PATIENCE_S = 120.0  # two interpreters that import torch on a busy machine
PLAIN = {"NO_COLOR": "1", "COLUMNS": "120", "TERM": "dumb", "AMI_ROS_DEBUG": "0"}


class Running:
    """One command in a session of its own; a context manager that leaves no process behind.

    Args:
        arguments: of `ami-ros`.
        most_bytes: that the system lets a file have, as a full disk would.
    """

    def __init__(self, *arguments: object, most_bytes: int | None = None) -> None:
        # Not by a function between fork and exec: where other threads run, that may wait for ever.
        limit = [] if most_bytes is None else ["prlimit", f"--fsize={most_bytes}"]
        self.process = WarmPopen(
            [*limit, sys.executable, "-m", "ami_ros.cli.main", *map(str, arguments)],
            env=child_environment(**PLAIN),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until `condition` returns something true while the command runs, and return that."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            if self.process.poll() is not None:
                pytest.fail(f"ended before {what}: {self.process.communicate()}")
            if time.monotonic() > deadline:
                pytest.fail(f"not within {PATIENCE_S} s: {what}")
            time.sleep(0.02)
        return value

    def end(self, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        """Wait for the command to end by itself, and return what it said."""
        try:
            stdout, stderr = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still runs after {timeout_s} s")
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, stdout, stderr)

    def workers(self) -> list[int]:
        """Return the worker processes that have been started."""
        return [pid for pid in session_members(self.process.pid) if b"spawn_main" in command_line(pid)]

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()  # so that it ends the nodes that it has started, which are in other sessions
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        for pid in session_members(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.communicate()


def run(*arguments: object, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with Running(*arguments, most_bytes=most_bytes) as running:
        return running.end()


def error_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error that a command ended with, which is one line and the exit code 2."""
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and done.stderr.splitlines()[-1] == lines[0], done.stderr
    return lines[0]


def session_members(session: int) -> list[int]:
    """Return the processes of a session that still run."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, *rest = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(rest[2]) == session and state not in "ZX":
            members.append(int(entry.name))
    return members


def runs(pid: int) -> bool:
    """Return whether a process still runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may go between opening and reading
        return False


def command_line(pid: int) -> bytes:
    """Return what a process was started with; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
