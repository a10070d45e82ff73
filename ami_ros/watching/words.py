# SPDX-License-Identifier: Apache-2.0
"""What the gate and the planner report, as sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING, Level

LEVELS = {
    Level.PASS: "The gate lets the plan pass",
    Level.LIMITED: "The gate slows the robot down",
    Level.HOLD: "The gate holds the robot, which may go on by itself",
    Level.STOP: "The gate stopped the robot; a person must look, and re-arm it",
}
WAYS = {
    DIRECT: "straight to the goal",
    ROUTE: "along a route",
    SEARCHING: "waiting for a route",
    NO_WAY: "knows no route",
}


def level_of(values: Mapping[str, str]) -> Level:
    """Return the level of a verdict. Raises ValueError: there is none."""
    name = values.get("level", "")
    if name not in Level.__members__:
        raise ValueError(f"verdict: got level {name!r}, expected one of {list(Level.__members__)}")
    return Level[name]


def reasons_of(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the reasons of a verdict, each with its `code` and `numbers`. Raises ValueError: not JSON."""
    found: list[dict[str, Any]] = json.loads(values.get("reasons", "[]"))
    return found


def verdict_in_words(values: Mapping[str, str]) -> str:
    """Return a verdict as a sentence. Raises ValueError: it is no verdict."""
    reasons = "; ".join(_reason(reason) for reason in reasons_of(values))
    about = "" if "proposal_stamp_ns" not in values else " (this proposal)"
    return f"{LEVELS[level_of(values)]}{about}" + (f": {reasons}" if reasons else "")


def _reason(reason: Mapping[str, Any]) -> str:
    code = str(reason["code"])
    known = ReasonCode.__members__.get(code)
    numbers = ", ".join(f"{name} {_short(value)}" for name, value in reason["numbers"].items())
    text = code if known is None else f"{known.text} [{code}]"
    return f"{text}, {numbers}" if numbers else text


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def memory_in_words(values: Mapping[str, str]) -> str:
    """Return what a plan took from memory and routes; empty if nothing."""
    parts = []
    if way := WAYS.get(values.get("way", "")):
        at = values.get("route_at", "")
        index, _, count = at.partition(" of ")
        on = f", to state {int(index) + 1} of {count}" if count and values["way"] == ROUTE else ""
        parts.append(f"{way}{on}")
    if recalled := int(values.get("recalled", 0)):
        won = "; one of them won" if values.get("proposal") == "retrieval" else ""
        parts.append(f"tried {recalled} remembered ways{won}")
    return "; ".join(parts)
