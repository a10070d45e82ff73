# SPDX-License-Identifier: Apache-2.0
"""Run the suite again and again, partly on a busy machine: does it give the same answer each time?

`make test-repeat RUNS=10 BUSY=3` runs it; docs/benchmarks/machine/suite.md shows what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "ARGS")
COLUMNS = ["run", "endless loops next to it", "minutes", "load at its end", "closing line", "failed"]


def main() -> int:
    """Run the suite as often as asked; exit code 1 if any run failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10, help="how often (default: 10)")
    parser.add_argument(
        "--busy", type=int, default=3, help="how many of these next to endless loops (default: 3)"
    )
    parser.add_argument(
        "--loops", type=int, default=os.cpu_count(), help="endless loops (default: one a processor)"
    )
    parser.add_argument(
        "--json", type=Path, help="write the runs as a table of docs/benchmarks/results to this file"
    )
    parser.add_argument(
        "--logs", type=Path, default=ROOT / ".colcon" / "repeat", help="folder for each run's output"
    )
    asked = parser.parse_args()
    if not 0 <= asked.busy <= asked.runs:
        parser.error(f"--busy: got {asked.busy}, expected 0 to {asked.runs}, the number of runs")
    asked.logs.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(1, asked.runs + 1):
        loops = asked.loops if number > asked.runs - asked.busy else 0
        rows.append(one_run(number, loops, asked.logs / f"{number:02d}.log"))
        print(" | ".join(rows[-1]), flush=True)
        if asked.json:
            write(asked.json, rows, f"make test-repeat RUNS={asked.runs} BUSY={asked.busy}")
    return int(any(row[-1] != "none" for row in rows))


def one_run(number: int, loops: int, log: Path) -> list[str]:
    """Run the suite once and return its row."""
    begun = time.monotonic()
    # What make was given is for this program, not for the suite.
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    with endless(loops), log.open("wb") as output:
        ended = subprocess.run(
            ["make", "suite"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    took, load = (time.monotonic() - begun) / 60.0, os.getloadavg()[0]
    said = log.read_text(errors="replace")
    closing = re.findall(r"\d+ passed.* in [\d.]+s", said)
    failed = sorted(set(re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)))
    if ended.returncode and not failed:
        failed = [f"exit code {ended.returncode}, see {log}"]
    counts = re.sub(r" in .*", "", closing[-1]) if closing else "none"
    return [str(number), str(loops), f"{took:.1f}", f"{load:.1f}", counts, " ".join(failed) or "none"]


@contextmanager
def endless(count: int) -> Iterator[None]:
    """Keep `count` processors busy, at the priority of the tests."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def write(path: Path, rows: list[list[str]], command: str) -> None:
    """Write a file of results, keeping its hardware and title."""
    known = (
        json.loads(path.read_text())
        if path.exists()
        else {"title": "The suite, again and again", "hardware": ""}
    )
    table = {**known, "commands": [command], "columns": COLUMNS, "rows": rows}
    path.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
