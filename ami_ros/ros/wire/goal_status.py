# SPDX-License-Identifier: Apache-2.0
"""The planner's state and its reason, as published on ~/goal_status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from ami_ros.ros.wire.verdicts import diagnostic, values_of


class GoalState(str, Enum):
    """States of the planner."""

    NO_GOAL = "NO_GOAL"
    WAITING = "WAITING"
    MOVING = "MOVING"
    STUCK = "STUCK"  # keeps trying without progress
    ARRIVED = "ARRIVED"
    PAUSED = "PAUSED"
    ERROR = "ERROR"


NUMBERS = (
    "distance",
    "cost",
    "plan_ms",
    "disagreement",
    "surprise",
    "surprise_at_rest",
)  # fields that may be None
SEVERITY = {
    GoalState.WAITING: DiagnosticStatus.WARN,
    GoalState.STUCK: DiagnosticStatus.WARN,
    GoalState.ERROR: DiagnosticStatus.ERROR,
}


@dataclass(frozen=True)
class GoalStatus:
    """One report.

    Attributes:
        state: state of the planner.
        reason: readable reason for it.
        goal: label of the goal, empty without one.
        goal_sensors: names of the sensors that the goal is about.
        stamp_ns: stamp of the observation; 0 without one.
        goal_stamp_ns: stamp of the goal's message, or its arrival if it has none; names it. 0 without a goal.
        distance: estimated distance to the goal, in control steps; None without a plan.
        cost: of the plan; None without one.
        cost_terms: the cost by term.
        proposal: where the plan came from.
        plan_ms: wall time of the plan.
        disagreement: the model's uncertainty about the plan: 1 is usual; None without a plan.
        surprise: mismatch of the world with what the model knows and predicts: above 1 is rare.
        surprise_terms: the surprise by term.
        surprise_at_rest: the part of it that can be judged without motion.
        proposal_stamp_ns: stamp of the proposal that this report is about; 0 when nothing was proposed.
        way: how the planner goes to the goal, one of WAYS; empty where no routes are searched.
        route_at: index of the state of the route that is pursued, and the number of its states.
        recalled: first candidates that came from the memory.
        attempt: number of the attempt to reach the goal, from 1 on: see `ProgressWatch`.
        progress: of an explorer: see `ami_ros.exploration.progress`.
        foreseen: see `Plan`.
    """

    state: GoalState
    reason: str
    goal: str = ""
    goal_sensors: tuple[str, ...] = ()
    stamp_ns: int = 0
    goal_stamp_ns: int = 0
    distance: float | None = None
    cost: float | None = None
    cost_terms: dict[str, float] = field(default_factory=dict)
    proposal: str = ""
    plan_ms: float | None = None
    disagreement: float | None = None
    surprise: float | None = None
    surprise_terms: dict[str, float] = field(default_factory=dict)
    surprise_at_rest: float | None = None
    proposal_stamp_ns: int = 0
    way: str = ""
    route_at: tuple[int, int] | None = None
    recalled: int = 0
    attempt: int = 1
    progress: dict[str, float] = field(default_factory=dict)
    foreseen: dict[str, float] = field(default_factory=dict)


def status_to_ros(status: GoalStatus, robot: str) -> DiagnosticArray:
    """Return the report as a message; numbers that are None are left out."""
    values: dict[str, object] = {"state": status.state.value, "reason": status.reason, "goal": status.goal}
    values["goal_sensors"] = " ".join(status.goal_sensors)
    values |= {"stamp_ns": status.stamp_ns, "goal_stamp_ns": status.goal_stamp_ns}
    values["proposal_stamp_ns"] = status.proposal_stamp_ns
    numbers = {name: getattr(status, name) for name in NUMBERS}
    values |= {name: value for name, value in numbers.items() if value is not None}
    values |= {f"cost/{term}": value for term, value in status.cost_terms.items()}
    values |= {f"surprise/{term}": value for term, value in status.surprise_terms.items()}
    values |= {f"progress/{name}": value for name, value in status.progress.items()}
    values |= {f"foreseen/{name}": value for name, value in status.foreseen.items()}
    if status.way:
        values["way"] = status.way
    if status.route_at is not None:
        values["route_at"] = "{} of {}".format(*status.route_at)
    if status.recalled:
        values["recalled"] = status.recalled
    if status.attempt > 1:
        values["attempt"] = status.attempt
    if status.proposal:
        values["proposal"] = status.proposal
    severity = SEVERITY.get(status.state, DiagnosticStatus.OK)
    message = f"{status.state.value}: {status.reason}"
    return diagnostic("planner: goal", severity, message, values, status.stamp_ns, robot)


def status_from_ros(message: DiagnosticArray) -> GoalStatus:
    """Return the report in `message`.

    Raises:
        ValueError: the message is no report, or has another version.
    """
    values = values_of(message)
    try:
        return GoalStatus(
            state=GoalState(values["state"]),
            reason=values["reason"],
            goal=values["goal"],
            goal_sensors=tuple(values.get("goal_sensors", "").split()),
            stamp_ns=int(values["stamp_ns"]),
            goal_stamp_ns=int(values["goal_stamp_ns"]),
            proposal_stamp_ns=int(values["proposal_stamp_ns"]),
            cost_terms=_below("cost/", values),
            surprise_terms=_below("surprise/", values),
            progress=_below("progress/", values),
            foreseen=_below("foreseen/", values),
            proposal=values.get("proposal", ""),
            way=values.get("way", ""),
            route_at=_route_at(values.get("route_at", "")),
            recalled=int(values.get("recalled", 0)),
            attempt=int(values.get("attempt", 1)),
            **{name: float(values[name]) for name in NUMBERS if name in values},
        )
    except KeyError as error:
        raise ValueError(f"goal status: got keys {sorted(values)}, expected state, reason, goal") from error


def _route_at(text: str) -> tuple[int, int] | None:
    index, _, count = text.partition(" of ")
    return (int(index), int(count)) if count else None


def _below(prefix: str, values: Mapping[str, str]) -> dict[str, float]:
    return {k.removeprefix(prefix): float(v) for k, v in values.items() if k.startswith(prefix)}
