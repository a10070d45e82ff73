# SPDX-License-Identifier: Apache-2.0
"""The command line in a process of its own, as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys

from command import PATIENCE_S, PLAIN
from warm import run


def ami_ros_run(
    *arguments: str, code: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a shell does; with `code`, another program of Python."""
    program = ["-m", "ami_ros.cli.main"] if code is None else ["-c", code]
    return run([sys.executable, *program, *arguments], PATIENCE_S, env={**os.environ, **PLAIN, **environment})
