# SPDX-License-Identifier: Apache-2.0
"""What was tried with a moving robot: one goal, or one fault; and what many say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ami_ros.report.statistics import wilson


@dataclass(frozen=True)
class GoalTrial:
    """One goal; every number is of the robot's time and sensors.

    Attributes:
        goal: its index among those that are kept.
        before: how far it was at the beginning, as `Place.gaps` tells it.
        after: the same at the end.
        seconds: it took.
        said: the planner's last state.
        levels: how many seconds the gate was at each level, by name.
        stops: how often the gate stopped.
        reasons: why it held or stopped, by name of the reason: how often.
        unsafe: commands outside the limits that the simulated robot counted; 0 on a robot.
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
        """Return whether each gap is small enough; one that is no number is not."""
        return all(self.after.get(name, np.inf) <= limit for name, limit in within.items())


@dataclass(frozen=True)
class FaultTrial:
    """One fault on purpose.

    Attributes:
        fault: its name in the simulator's catalogue.
        what: happens, for people.
        expected: reasons that name it; any one is enough.
        within_s: by when the gate must say one.
        named: those of them that the gate said first; empty: none in time.
        level: of that verdict, HOLD or STOP; empty without one.
        named_s: after how long; None: never, or where nobody knows when it began.
        still_s: from the verdict until the robot was at rest; None: it was not.
        moved_after: how far it then went until the fault was mended, m or rad.
        recovered_s: from when it was mended until the gate let the robot move; None: it did not.
        unsafe: as of a goal.
        left_out: why it was not done; empty when it was.
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
    """Return what trials at one speed say together, ready for JSON; None where there is nothing to tell.

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
