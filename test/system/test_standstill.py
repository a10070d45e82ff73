# SPDX-License-Identifier: Apache-2.0
"""A process that stood still knows it, and one that was busy does not take itself for one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LIMIT_S = 1.0
PATIENCE_S = 60.0
WATCHED = f"""
import sys, time
from ami_ros.system.standstill import BEAT_S, Standstill
standstill = Standstill({LIMIT_S})
print("ready", flush=True)
for line in sys.stdin:
    match line.strip():
        case "busy":
            numbers, busy_s, wanted_s = 10**6, 0.0, 1.5 * {LIMIT_S}
            while busy_s < wanted_s:
                begin_s = time.monotonic()
                sum(range(numbers))  # one call into C: no other thread of Python runs
                busy_s = time.monotonic() - begin_s
                numbers = int(numbers * 1.2 * wanted_s / busy_s)
        case "stopped":
            end_s = time.monotonic() + {PATIENCE_S}
            while not standstill.longest_s and time.monotonic() < end_s:
                time.sleep(BEAT_S)
    time.sleep(2 * BEAT_S)  # the thread has looked
    longest_s = standstill.longest_s
    standstill.forget()  # before the answer: who hears it may stop this process at once
    print(longest_s, flush=True)
"""

# Not for ever: where others want the processor, too, whoever is idle would never answer.
RIVAL = f"""
import time
end_s = time.monotonic() + 8 * {LIMIT_S}
while time.monotonic() < end_s: pass
"""


def ask(process: subprocess.Popen[str], what: str) -> float:
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def watched() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_it_tells_a_stop_from_work_and_forgets():
    with watched() as process:
        assert ask(process, "nothing") == 0.0
        begin = time.monotonic()
        assert ask(process, "busy") == 0.0
        assert time.monotonic() - begin > LIMIT_S, "it was not busy for long enough to show anything"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(2.0 * LIMIT_S)
        os.kill(process.pid, signal.SIGCONT)
        assert ask(process, "stopped") >= LIMIT_S
        assert ask(process, "nothing") == 0.0
        process.stdin.close()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="needs Linux's schedulers")
def test_who_gets_no_processor_did_not_stand_still():
    core = {min(os.sched_getaffinity(0))}
    with watched() as process, subprocess.Popen([sys.executable, "-c", RIVAL]) as rival:
        try:
            for pid in (process.pid, rival.pid):
                os.sched_setaffinity(pid, core)
            for thread in Path(f"/proc/{process.pid}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))
            assert ask(process, "busy") == 0.0
        finally:
            rival.kill()
            process.stdin.close()
