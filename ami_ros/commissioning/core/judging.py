# SPDX-License-Identifier: Apache-2.0
"""Whether a step is passed: what is wrong, with numbers, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.commissioning.core.trials import FaultTrial

TAKEN = "pictures"
CAUSES = {TAKEN: "a moved camera or changed light", "readings": "another feed or a worn actuator"}


def shadow_problems(figures: Mapping[str, Any], wanted: CommissionSettings) -> tuple[str, ...]:
    """Return reasons against letting the model move the robot; empty if it may."""
    problems = []
    if figures["plans"] < wanted.shadow_plans:
        problems.append(
            f"only {figures['plans']} plans could be compared, expected {wanted.shadow_plans}: the robot "
            "hardly moved, or the planner receives no observations (its log says why)"
        )
    if _less(figures["agreement"], wanted.least_agreement):
        problems.append(
            f"plans agree with the way back by {_told(figures['agreement'])}, expected at least "
            f"{wanted.least_agreement:g} (least_agreement); {_more_data(figures)}"
        )
    gain = None if figures["agreement"] is None else figures["agreement"] - figures["shuffled"]
    if _less(gain, wanted.least_gain):
        problems.append(
            f"that is {_told(gain)} more than their agreement with the ways back of other moments, expected "
            "at "
            f"least {wanted.least_gain:g} (least_gain): the robot moved in one direction only, or all plans "
            "are alike"
        )
    # Not every model judges surprise.
    if (surprised := figures["surprised_share"]) is not None and not surprised <= wanted.most_surprised:
        problems.append(
            f"{100 * surprised:.0f} % of the {figures.get('taken', TAKEN)} surprise the model, expected at "
            f"most {100 * wanted.most_surprised:.0f} % (most_surprised); {_more_data(figures)}"
        )
    return tuple(problems)


def speed_problems(figures: Mapping[str, Any], wanted: CommissionSettings) -> tuple[str, ...]:
    """Return reasons against going on to the next speed."""
    problems = []
    if figures["goals"] < wanted.goals:
        problems.append(f"{figures['goals']} goals were tried, expected {wanted.goals}")
    if _less(figures["success"], wanted.least_success):
        problems.append(
            f"{figures['reached']} of {figures['goals']} goals were reached, expected at least "
            f"{100 * wanted.least_success:.0f} % (least_success); look at the missed ones in the report; "
            f"{_more_data(figures)}"
        )
    if figures["stops"]:
        problems.append(
            f"the gate stopped the robot, which ends a step: {_reasons(figures)}; docs/reference/reasons.md "
            "explains each"
        )
    if (held := figures["held_share"]) is not None and not held <= wanted.most_held:
        problems.append(
            f"the gate held the robot for {100 * held:.0f} % of the time, expected at most "
            f"{100 * wanted.most_held:.0f} % (most_held): {_reasons(figures)}"
        )
    if figures["unsafe"]:
        problems.append(f"the simulated robot counted {figures['unsafe']} commands outside its limits")
    return tuple(problems)


def fault_problems(trials: Sequence[FaultTrial], wanted: CommissionSettings) -> tuple[str, ...]:
    """Return what went wrong with faults on purpose."""
    return tuple(problem for trial in trials for problem in _of_one(trial, wanted))


def _of_one(trial: FaultTrial, wanted: CommissionSettings) -> list[str]:
    if trial.left_out:
        return [f"{trial.fault}: not tried: {trial.left_out}"]
    if not trial.named:
        return [
            f"{trial.fault}: the gate let the robot keep moving, expected one of {', '.join(trial.expected)} "
            f"within {trial.within_s:g} s; find out why before you continue"
        ]
    problems = []
    if trial.named_s is not None and trial.named_s > trial.within_s:
        problems.append(
            f"{trial.fault}: named after {trial.named_s:.2f} s, expected within {trial.within_s:g} s"
        )
    if trial.still_s is None or trial.still_s > wanted.still_s:
        after = "never" if trial.still_s is None else f"after {trial.still_s:.2f} s"
        problems.append(
            f"{trial.fault}: the robot was at rest {after}, expected within {wanted.still_s:g} s (still_s)"
        )
    if trial.recovered_s is None:
        problems.append(
            f"{trial.fault}: the gate did not let the robot move again within {wanted.recover_s:g} s"
        )
    if trial.unsafe:
        problems.append(
            f"{trial.fault}: the simulated robot counted {trial.unsafe} commands outside its limits"
        )
    return problems


def _more_data(figures: Mapping[str, Any]) -> str:
    return (
        "explore more with this robot in its place (ami-ros explore, import, train --from); "
        f"{CAUSES[figures.get('taken', TAKEN)]} is the usual cause"
    )


def _less(value: float | None, least: float) -> bool:
    """Return whether a figure is too small; a missing one or NaN is."""
    return value is None or math.isnan(value) or value < least


def _told(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.2f}"


def _reasons(figures: Mapping[str, Any]) -> str:
    told = sorted(figures["reasons"].items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {count}x" for name, count in told[:4]) or "no reason reported"
