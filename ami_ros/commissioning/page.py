# SPDX-License-Identifier: Apache-2.0
"""The report of a commissioning: one HTML page that needs no other file, for a colleague to sign."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ami_ros.commissioning.core.record import (
    BASELINES,
    FAULTS,
    KNOWN_STEPS,
    SHADOW,
    SPEEDS,
    STEPS,
    Commissioning,
    StepState,
)
from ami_ros.commissioning.core.trials import GoalTrial
from ami_ros.commissioning.core.wording import gaps_text, summary_of
from ami_ros.report import plots
from ami_ros.report.pictures import data_uri
from ami_ros.report.templates import template

TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class CommissionPage:
    """Content of the page besides the record.

    Attributes:
        title: heading of the page.
        command: continues or repeats the commissioning.
        written: readable date and time.
        identity: robot, task, model and its SHA-256, by name.
        setup: planner, rates and the like, by name.
        settings: what a step must show, by name.
        hardware: of the machine it ran on, by name.
        versions: of the software, by package name.
        units: of the gaps, by name.
    """

    title: str
    command: str
    written: str
    identity: Mapping[str, Any]
    setup: Mapping[str, Any]
    settings: Mapping[str, Any]
    hardware: Mapping[str, Any]
    versions: Mapping[str, str]
    units: Mapping[str, str]


def render_commission(
    page: CommissionPage,
    commissioning: Commissioning,
    goal_picture: Callable[[int], bytes | None],
    end_picture: Callable[[str, int], bytes | None],
) -> str:
    """Return the page.

    Args:
        page: content besides the record.
        commissioning: the record.
        goal_picture: returns the PNG of a goal by its index; None where there is none.
        end_picture: returns the PNG of a step's trial by its number.
    """
    steps = commissioning.steps
    speeds = [
        _speed(name, commissioning, page, goal_picture, end_picture)
        for name in (*SPEEDS, *BASELINES)
        if name in steps and steps[name].goals
    ]
    charts: dict[str, bytes] = {}
    if speeds:
        charts["Success at each speed"] = plots.success_at_speeds(speeds)
    if SHADOW in steps and steps[SHADOW].cosines:
        charts["Plans against the way back"] = plots.cosines(steps[SHADOW].cosines)
    within = speeds[0]["within"] if speeds else {}
    shown = steps.get(SHADOW)
    return template(TEMPLATE, "ami_ros.commissioning").render(
        page=page,
        subject=commissioning.subject,
        rows=[_row(name, commissioning) for name in KNOWN_STEPS if name in (*STEPS, *steps)],
        open=[name for name in STEPS if not commissioning.is_passed(name)],
        left_out=_left_out(commissioning),
        charts={name: data_uri(content, "image/png") for name, content in charts.items()},
        shadow=shown.figures if shown is not None and shown.figures else None,
        speeds=speeds,
        gap_names=list(within),
        within=" and ".join(f"{name} within {limit:g} {page.units[name]}" for name, limit in within.items()),
        faults=steps[FAULTS].faults if FAULTS in steps else (),
    )


def _row(name: str, commissioning: Commissioning) -> dict[str, Any]:
    record = commissioning.steps.get(name)
    if record is None:
        return {"name": name, "state": "", "summary": "", "problems": (), "when": ""}
    told = "" if record.state is StepState.BEGUN else summary_of(name, record)
    return {
        **{"name": name, "state": record.state.value, "summary": told},
        **{"problems": record.problems, "when": record.when},
    }


def _speed(
    name: str,
    commissioning: Commissioning,
    page: CommissionPage,
    goal_picture: Callable[[int], bytes | None],
    end_picture: Callable[[str, int], bytes | None],
) -> dict[str, Any]:
    record = commissioning.steps[name]
    figures = record.figures
    why = ", ".join(f"{reason} {count}x" for reason, count in figures["reasons"].items())
    gaps = {gap: gaps_text({gap: value}, page.units) for gap, value in figures["gaps_median"].items()}
    trials = [
        _trial(trial, figures["within"], page, goal_picture(trial.goal), end_picture(name, number))
        for number, trial in enumerate(record.goals)
    ]
    return {**figures, "name": name, "why": why, "gaps": gaps, "trials": trials}


def _trial(
    trial: GoalTrial,
    within: Mapping[str, float],
    page: CommissionPage,
    goal: bytes | None,
    end: bytes | None,
) -> dict[str, Any]:
    pictures = {"goal": goal, "end": end}
    return {
        **dataclasses.asdict(trial),
        "is_reached": trial.is_reached(within),
        "told": gaps_text(trial.after, page.units),
        "pictures": {
            name: data_uri(content, "image/png") for name, content in pictures.items() if content is not None
        },
    }


def _left_out(commissioning: Commissioning) -> list[str]:
    """Return what the commissioning did not show."""
    lines = [f"the step {name}" for name in STEPS if name not in commissioning.steps]
    for name, record in commissioning.steps.items():
        if record.state is StepState.BEGUN:
            lines.append(f"the step {name} has not ended")
        if before := commissioning.missing_before(name):
            lines.append(f"{name} began before {' and '.join(before)} was passed")
        lines += [f"fault {it.fault}: {it.left_out}" for it in record.faults if it.left_out]
    if commissioning.subject.simulated:
        lines.append("anything on a real robot")
    return [*lines, "faults at medium and full speed, and those missing from the table (docs/safety.md)"]
