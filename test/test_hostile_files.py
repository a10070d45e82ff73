# SPDX-License-Identifier: Apache-2.0
"""Nothing that is read lies unnoticed, hangs, fills the machine, or ends in a traceback. `make fuzz-files` runs more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from child_environment import child_environment

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
from hostile.cases import CASES

SEED = int(os.environ.get("AMI_ROS_FUZZ_SEED", "0"))


def test_a_case_of_each_kind():
    """In a process of its own: each case is forked, which a process with threads should not be."""
    command = [sys.executable, "-m", "hostile.run", "--cases", str(len(CASES)), "--seed", str(SEED)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CASES)} cases, 0 violations" in done.stdout
