# SPDX-License-Identifier: Apache-2.0
"""Trials with a moving robot: one goal or one fault each; and the figures of many goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ami_ros.report.statistics import wilson


@dataclass(frozen=True)
class GoalTrial:
    """One goal; all numbers are from the robot's time and sensors.

    Attributes:
        goal: its index among the goals kept.
        before: gaps at the beginning, see `Place.gaps`.
        after: gaps at the end.
        seconds: duration.
        said: the planner's last state.
        levels: seconds that the gate was at each level, by name.
        stops: how often the gate stopped.
        reasons: why it held or stopped: name of the reason -> count.
        unsafe: commands outside the limits, counted by the simulated robot; 0 on a real robot.
    """

    goal: int
    before: dict[str, float]
    after: dict[str, float]
    seconds: float
    said: str
    levels: dict[str, float] = field(default_factory=dict)
    stops: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unsafe: int = 0

    def is_reached(self, within: Mapping[str, float]) -> bool:
        """Return whether each gap is small enough; NaN is not."""
        return all(self.after.get(name, np.inf) <= limit for name, limit in within.items())

    def is_near_before(self, within: Mapping[str, float]) -> bool:
        """Return whether that was so at the beginning, too: such a goal shows little."""
        return all(self.before.get(name, np.inf) <= limit for name, limit in within.items())


@dataclass(frozen=True)
class FaultTrial:
    """One fault on purpose.

    Attributes:
        fault: its name in the simulator's catalogue.
        what: readable description.
        expected: reasons that name it; any one is enough.
        within_s: time in which the gate must report one.
        named: those that the gate reported first; empty: none in time.
        level: of that verdict, HOLD or STOP; empty without one.
        named_s: delay of that verdict; None: never, or the fault's start is unknown.
        still_s: from the verdict until the robot was at rest; None: it never was.
        moved_after: distance from then until the fault was mended, m or rad.
        recovered_s: from mending until the gate let the robot move; None: it did not.
        unsafe: see `GoalTrial`.
        left_out: why it was left out; empty if it was not.
    """

    fault: str
    what: str
    expected: tuple[str, ...] = ()
    within_s: float = 0.0
    named: tuple[str, ...] = ()
    level: str = ""
    named_s: float | None = None
    still_s: float | None = None
    moved_after: float | None = None
    recovered_s: float | None = None
    unsafe: int = 0
    left_out: str = ""


def speed_figures(trials: Sequence[GoalTrial], within: Mapping[str, float]) -> dict[str, Any]:
    """Return the figures of all trials at one speed, ready for JSON; None where data is missing.

    Args:
        trials: in order.
        within: the largest gap that counts as reached, by name.
    """
    reached = [trial for trial in trials if trial.is_reached(within)]
    levels: dict[str, float] = {}
    reasons: dict[str, int] = {}
    for trial in trials:
        for name, seconds in trial.levels.items():
            levels[name] = levels.get(name, 0.0) + seconds
        for name, count in trial.reasons.items():
            reasons[name] = reasons.get(name, 0) + count
    total_s = sum(levels.values())
    gaps = {name: [trial.after[name] for trial in trials if name in trial.after] for name in within}
    return {
        "goals": len(trials),
        "reached": len(reached),
        "near_before": sum(trial.is_near_before(within) for trial in trials),
        "success": len(reached) / len(trials) if trials else None,
        "success_ci": list(wilson(len(reached), len(trials))),
        "seconds_median": float(np.median([trial.seconds for trial in reached])) if reached else None,
        "gaps_median": {name: float(np.median(values)) for name, values in gaps.items() if values},
        "stops": sum(trial.stops for trial in trials),
        "held_share": (levels.get("HOLD", 0.0) + levels.get("STOP", 0.0)) / total_s if total_s else None,
        "levels_s": levels,
        "reasons": dict(sorted(reasons.items())),
        "unsafe": sum(trial.unsafe for trial in trials),
    }
