# SPDX-License-Identifier: Apache-2.0
"""The command line in a process of its own, as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys

from command import PLAIN


def ami_ros_run(*arguments: str, code: str = "from ami_ros.cli.main import main; main()", **environment: str):
    """Run the command line in a process of its own, as a shell does."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **PLAIN, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
