# SPDX-License-Identifier: Apache-2.0
"""Freed memory is kept for the next use, or goes back: as the process asked for."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# In a process of its own: it cannot be undone.
COUNT_FAULTS = """
import resource
import numpy as np
from ami_ros.system.allocator import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
def work():
    held = [np.ones(size, dtype=np.uint8) for size in (200_000, 700_000, 300_000) * 20]
    held.clear()
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be told")
def test_once_warm_nothing_is_asked_of_the_system():
    def faults(keep: bool) -> int:
        code = COUNT_FAULTS.format(keep=keep)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert faults(keep=True) < 50 < faults(keep=False)


KEPT_AFTER = """
import numpy as np
from pathlib import Path
from ami_ros.system.allocator import give_back
if {given_back}:
    assert give_back()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
for size in (30_000_000, 20_000_000):  # after the first the C library keeps blocks of that size
    before = resident()
    block = np.ones(size, dtype=np.uint8)
    del block
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be told")
def test_large_blocks_go_back_each_time():
    def kept(given_back: bool) -> int:
        code = KEPT_AFTER.format(given_back=given_back)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert kept(given_back=True) < 1_000_000 < 10_000_000 < kept(given_back=False)
