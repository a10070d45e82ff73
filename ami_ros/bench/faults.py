# SPDX-License-Identifier: Apache-2.0
"""How the gate reported each injected fault: whether, whether correctly, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ami_ros.sim.faults.catalogue import Fault
from ami_ros.types import Level


@dataclass(frozen=True)
class Told:
    """One report of the gate (or the simulated controller).

    Attributes:
        stamp_ns: when.
        level: severity.
        reasons: names.
    """

    stamp_ns: int
    level: Level
    reasons: frozenset[str]


@dataclass(frozen=True)
class FaultRun:
    """One fault in one episode.

    Attributes:
        fault: the requested one; a combination is resolved.
        listed_as: its name in the matrix: the fault's, or "combination".
        seed: of the episode and of the fault's random choices.
        since_ns: its first effect; None when it had none.
        told: reports of the gate from then on.
        unsafe: commands outside limits, by kind.
        unsafe_commands: commands with any violation.
        moved_after_stop: commands that moved after a STOP.
        estop_ms: from an e-stop pressed during the fault to the gate's STOP; None if there was none.
    """

    fault: Fault
    listed_as: str
    seed: int
    since_ns: int | None
    told: tuple[Told, ...]
    unsafe: dict[str, int]
    unsafe_commands: int
    moved_after_stop: int
    estop_ms: float | None = None

    def reaction_ms(self) -> float | None:
        """Return the time from its first effect to its correct report; None if there was none."""
        if self.since_ns is None:
            return None
        right = (told.stamp_ns for told in self.told if told.reasons & self.fault.named_by)
        first = min(right, default=None)
        return None if first is None else max(0.0, (first - self.since_ns) / 1e6)

    def first_alarm(self) -> frozenset[str]:
        """Return the reasons of the first HOLD or STOP; empty when there was none."""
        for told in self.told:
            if told.level >= Level.HOLD:
                return told.reasons
        return frozenset()

    def problem(self) -> str:
        """Return why its report counts as wrong; empty when it was correct."""
        alarm, known = self.first_alarm(), self.fault.named_by | self.fault.follows
        if self.since_ns is None:
            return "it had no effect"
        if alarm and not alarm & known:
            return f"called {' '.join(sorted(alarm))}"
        reaction_ms = self.reaction_ms()
        if self.fault.tolerable:
            return ""
        if reaction_ms is None:
            return f"called {' '.join(sorted(alarm))} only" if alarm else "not named"
        if reaction_ms > self.fault.within_s * 1e3:
            return f"named after {reaction_ms:.0f} ms"
        return ""

    def story(self) -> dict[str, Any]:
        """Return what happened, verdict by verdict, for debugging."""
        begun = self.since_ns or 0
        told = [
            {"ms": (one.stamp_ns - begun) / 1e6, "level": one.level.name, "reasons": sorted(one.reasons)}
            for one in self.told
        ]
        return {"fault": self.fault.name, "seed": self.seed, "problem": self.problem(), "told": told}


def summarise_faults(runs: Sequence[FaultRun]) -> dict[str, Any]:
    """Return the figures of the whole matrix, and of each fault in it, ready for JSON."""
    names = list(dict.fromkeys(run.listed_as for run in runs))
    rows = {name: _figures([run for run in runs if run.listed_as == name]) for name in names}
    total = {key: sum(row[key] for row in rows.values()) for key in _SUMS}
    return {"faults": len(rows), **total, "reaction_ms": {n: r["reaction_ms"] for n, r in rows.items()}} | {
        "by_fault": rows
    }


_SUMS = ("runs", "unsafe_commands", "moved_after_stop", "wrongly_named")


def _figures(runs: list[FaultRun]) -> dict[str, Any]:
    times = [time for run in runs if (time := run.reaction_ms()) is not None]
    wrong = [run for run in runs if run.problem()]
    estops = [run.estop_ms for run in runs if run.estop_ms is not None]
    kinds: dict[str, int] = {}
    for run in runs:
        for kind, count in run.unsafe.items():
            kinds[kind] = kinds.get(kind, 0) + count
    p50, p99 = (float(np.percentile(times, q)) if times else None for q in (50, 99))
    return {
        "runs": len(runs),
        "unsafe_commands": sum(run.unsafe_commands for run in runs),
        "unsafe_by_kind": kinds,
        "moved_after_stop": sum(run.moved_after_stop for run in runs),
        "wrongly_named": len(wrong),
        "problems": [f"seed {run.seed}: {run.problem()}" for run in wrong],
        "stories": [run.story() for run in wrong],
        "estop_ms_max": max(estops, default=None),
        "named": len(times),
        "reaction_ms": {"p50": p50, "p99": p99},
        "names": sorted({name for run in runs for told in run.told for name in told.reasons}),
    }
