# SPDX-License-Identifier: Apache-2.0
"""The command line in a process of its own, as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys

from command import PATIENCE_S, PLAIN
from warm import WarmPopen


def ami_ros_run(
    *arguments: str, code: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a shell does; with `code`, another program of Python."""
    program = ["-m", "ami_ros.cli.main"] if code is None else ["-c", code]
    process = WarmPopen(
        [sys.executable, *program, *arguments],
        env={**os.environ, **PLAIN, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, *said)
