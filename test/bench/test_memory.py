# SPDX-License-Identifier: Apache-2.0
"""The peak of a process is seen, also when its memory has gone back, and what came before the watch is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ami_ros.bench.process_memory import MemoryWatch

# Takes and gives back so many MB for each line that it reads.
EATER = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    block = bytearray(int(line) * 10**6)
    block[::4096] = b"x" * len(block[::4096])
    del block
    print("done", flush=True)
"""


@pytest.fixture
def eat():
    process = subprocess.Popen(
        [sys.executable, "-c", EATER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"

    def ask(megabytes: int) -> None:
        process.stdin.write(f"{megabytes}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"

    ask.pid = process.pid
    yield ask
    process.kill()
    process.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_peak_within_the_watch_is_seen_and_one_before_it_is_not(eat):
    eat(200)
    watch = MemoryWatch({"eater": eat.pid})
    before = watch.figures()
    assert before["peak_share"]["eater"] < 1.5
    eat(100)
    figures = watch.figures()
    grown = figures["rss_mb_peak"]["eater"] - figures["rss_mb_start"]["eater"]
    assert 90.0 < grown < 130.0
    assert figures["peak_share"]["eater"] > before["peak_share"]["eater"] + 1.0
    assert figures["shm_mb_start"] >= 0.0 and figures["shm_mb_end"] >= 0.0
