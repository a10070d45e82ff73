# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks kills`: kill a process that writes memory, repeatedly, and check the file it leaves.

Run as a program, this file is that process: it remembers endlessly, and prints what it has handed over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ami_ros.cli import options
from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.reader import MemoryReader
from ami_ros.memory.store import Store
from ami_ros.memory.writer import MemoryWriter

LIVES_S = (0.05, 1.5)  # from its first moment to its end
MAY_LOSE_S = 1.0
EACH_S = 0.002  # from moment to moment: fifty times a robot's rate
SIDE = 64  # px


def kills(
    count: Annotated[int, typer.Option(help="Processes to kill while they write to a memory.", min=1)] = 100,
    seed: options.Seed = 1,
    json_file: options.Json = None,
) -> None:
    """Kill processes that remember, one after the other on one file, and count the files that survive whole.

    Example: python -m benchmarks kills --count 100 --json kills.json
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.terminal import say
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    with tempfile.TemporaryDirectory() as folder, progress_bar("kills", count) as bar:
        figures = survive_kills(Path(folder, "memory.sqlite"), count, seed, lambda: bar.update(1))
    figures |= {"hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, figures)
    finally:
        survived, lost_s = figures["kills_survived"], figures["lost_s_max"]
        say(f"{survived} of {count} kills survived; at most {lost_s:.2f} s lost")


def survive_kills(path: Path, count: int, seed: int, note: Callable[[], object]) -> dict[str, Any]:
    """Return how many of `count` kills the file survived, and how much the worst of them cost.

    A kill is survived when the file opens, is whole, and lacks nothing older than a second.
    """
    generator, survived, worst_s = np.random.default_rng(seed), 0, 0.0
    for _ in range(count):
        before = 0
        if path.is_file():
            with MemoryReader(path) as memory:
                before = len(memory.ids())
        handed, killed_ns = lived_and_died(path, float(generator.uniform(*LIVES_S)))
        with Store(path) as store:
            whole, ids = store.is_whole(), store.ids()
            kept = [found.moment.stamp_ns for found in store.moments(ids[before:])]
        lost_s = max(((killed_ns - stamp) / 1e9 for stamp in set(handed) - set(kept)), default=0.0)
        worst_s = max(worst_s, lost_s)
        survived += whole and kept == sorted(kept) and lost_s < MAY_LOSE_S
        note()
    return {"kills": count, "kills_survived": survived, "lost_s_max": worst_s}


def lived_and_died(path: Path, lives_s: float, each_s: float = EACH_S) -> tuple[list[int], int]:
    """Return the stamps that a process handed over, one in `each_s`, and when it was killed, ns."""
    command = [sys.executable, __file__, str(path), str(each_s)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with child, child.stdout or open(os.devnull) as said:
        first = said.readline()
        time.sleep(lives_s)
        killed_ns = time.monotonic_ns()  # a lower bound
        child.send_signal(signal.SIGKILL)
        stamps = [int(line) for line in [first, *said] if line.endswith("\n")]
    return stamps, killed_ns


def main() -> None:
    """Remember until killed."""
    path, each_s, generator = Path(sys.argv[1]), float(sys.argv[2]), np.random.default_rng(0)
    writer = MemoryWriter(lambda: Store(path), "bench", queue=100_000)
    writer.begin(Episode("bench"))
    image = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    while True:
        stamp_ns = time.monotonic_ns()
        writer.add(Moment(stamp_ns, {"camera": image}, {"joints": np.zeros(14, dtype=np.float32)}))
        print(stamp_ns, flush=True)  # the parent reads it
        time.sleep(each_s)


if __name__ == "__main__":
    main()
