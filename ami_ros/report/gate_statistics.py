# SPDX-License-Identifier: Apache-2.0
"""How often the gate interfered, over many episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GateCounts:
    """What the gate did in one episode.

    Attributes:
        steps: planning steps.
        clean_steps: steps without hold, stop or rejection.
        holds: how often it began to hold.
        stops: how often it stopped.
        reasons: verdicts of HOLD and STOP by the names of their reasons.
    """

    steps: int
    clean_steps: int
    holds: int
    stops: int
    reasons: dict[str, int]


def gate_figures(counts: Sequence[GateCounts]) -> dict[str, Any]:
    """Return the sums over all episodes, ready for JSON; the share is None without any step."""
    steps = sum(count.steps for count in counts)
    reasons: dict[str, int] = {}
    for count in counts:
        for name, number in count.reasons.items():
            reasons[name] = reasons.get(name, 0) + number
    return {
        "clean_step_share": sum(count.clean_steps for count in counts) / steps if steps else None,
        "holds": sum(count.holds for count in counts),
        "stops": sum(count.stops for count in counts),
        "reasons": dict(sorted(reasons.items())),
    }
