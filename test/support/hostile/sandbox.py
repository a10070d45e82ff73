# SPDX-License-Identifier: Apache-2.0
"""Runs one case in a process of its own, with little memory and little time, and says what it did wrong."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2 * 2**30
MOST_S = 20.0  # of the processor; the machine may be busy with other things for `SLOWER` times as long
SLOWER = 4.0
VIOLATED = 70  # exit code; the text says what
CANARY = "nobody writes here"


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        violation: what it did wrong; "" if nothing.
        seconds: it took.
        peak_bytes: of memory.
    """

    violation: str
    seconds: float
    peak_bytes: int


class BrokenPromiseError(Exception):
    """The case did what nothing may do."""


def run_case(case: Callable[[Path], None], beside: Path) -> Outcome:
    """Run a case in a child process, in a folder of its own.

    Args:
        case: is given the folder in which it may write; raises BrokenPromiseError.
        beside: an empty folder, for that one and for what nobody may touch.
    """
    inside, home, space = beside / "inside", beside / "home", beside / "tmp"
    for folder in (inside, home, space):
        folder.mkdir()
    for place in (beside / "canary", home / "canary"):
        place.write_text(CANARY)
    words = beside / "words"
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(case, inside, home, space, words)
    hung = False
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() - begun > SLOWER * MOST_S:
            hung = True
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    seconds, peak = time.monotonic() - begun, usage.ru_maxrss * 1024
    code = os.waitstatus_to_exitcode(status)
    text = words.read_text(errors="replace") if words.exists() else ""
    violation = text if code == VIOLATED else ""
    if hung:
        violation = f"still ran after {seconds:.0f} s"
    elif code == -signal.SIGXCPU or usage.ru_utime + usage.ru_stime > MOST_S:
        violation = f"took {usage.ru_utime + usage.ru_stime:.0f} s of the processor"
    elif code not in (0, VIOLATED):
        violation = f"ended with {code}: {text[-2000:]}"
    elif peak > MOST_BYTES:
        violation = f"took {peak / 2**30:.1f} GiB"
    return Outcome(violation or _escaped(beside, inside, home, words), seconds, peak)


def _escaped(beside: Path, inside: Path, home: Path, words: Path) -> str:
    expected = {beside / "canary", home / "canary", words}
    found = {path for path in beside.rglob("*") if path.is_file() or path.is_symlink()}
    others = [path for path in found - expected if inside not in path.parents]
    changed = [p for p in expected - {words} if not p.is_file() or p.read_text() != CANARY]
    return f"left {others}, changed {changed}" if others or changed else ""


def _child(case: Callable[[Path], None], inside: Path, home: Path, space: Path, words: Path) -> None:
    code = VIOLATED
    try:
        file = os.open(words, os.O_WRONLY | os.O_CREAT, 0o600)
        for stream in (1, 2):
            os.dup2(file, stream)
        sys.stdout = os.fdopen(1, "w", errors="backslashreplace", closefd=False)
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
        os.environ |= {"HOME": str(home), "TMPDIR": str(space), "XDG_CACHE_HOME": str(inside / "cache")}
        tempfile.tempdir = str(space)
        os.chdir(inside)
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MOST_BYTES,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(MOST_S), int(MOST_S) + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        case(inside)
        code = 0
    except BrokenPromiseError as broken:
        print(broken)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
