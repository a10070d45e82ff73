# SPDX-License-Identifier: Apache-2.0
"""`make fuzz-files`: hostile inputs of all kinds for some seconds, each in a process of its own.

Prints how many there were of each kind and what took longest; ends with 1 if anything was violated.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import sys
import tempfile
import time
from pathlib import Path

from ami_ros.cli.progress import progress_bar
from hostile.cases import CASES, generator_of, preload
from hostile.sandbox import Outcome, run_case


def run(kind: str, seed: int) -> Outcome:
    """Run one case."""
    beside = Path(tempfile.mkdtemp(prefix="ami_ros_hostile_"))
    try:
        return run_case(lambda folder: CASES[kind](generator_of(kind, seed), folder), beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, default=10**9, help="at most")
    parser.add_argument("--kind", action="append", choices=list(CASES), help="only these")
    given = parser.parse_args()
    kinds = given.kind or list(CASES)
    preload(kinds)
    begun, counts, violations = time.monotonic(), collections.Counter[str](), list[str]()
    slowest: dict[str, float] = {}
    largest: dict[str, int] = {}
    with progress_bar("cases", round(given.seconds)) as bar:
        shown = 0
        for number in range(given.cases):
            elapsed = time.monotonic() - begun
            if elapsed > given.seconds:
                break
            bar.update(int(elapsed) - shown, f"{number} cases, {len(violations)} violations")
            shown = int(elapsed)
            kind, seed = kinds[number % len(kinds)], given.seed + number // len(kinds)
            outcome = run(kind, seed)
            counts[kind] += 1
            slowest[kind] = max(slowest.get(kind, 0.0), outcome.seconds)
            largest[kind] = max(largest.get(kind, 0), outcome.peak_bytes)
            if outcome.violation:
                violations.append(f"{kind} {seed}: {outcome.violation}")
                print(f"\n{violations[-1]}", flush=True)
    for kind in kinds:
        print(
            f"{kind:24} {counts[kind]:6} cases, at most {slowest.get(kind, 0.0):5.1f} s and "
            f"{largest.get(kind, 0) / 2**20:5.0f} MiB"
        )
    print(f"{counts.total()} cases, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
