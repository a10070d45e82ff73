# SPDX-License-Identifier: Apache-2.0
"""The result of a step, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.commissioning.core.record import FAULTS, SHADOW, StepRecord

SPEED = "the speed"  # what a moving robot gets a share of


def summary_of(step: str, record: StepRecord) -> str:
    """Return one line about a step that has ended."""
    figures = record.figures
    if step == SHADOW:
        return _shadow(figures)
    if step == FAULTS:
        done = [trial for trial in record.faults if trial.named]
        return f"the gate handled {len(done)} of {len(record.faults)} faults"
    low, high = figures["success_ci"]
    seconds = figures["seconds_median"]
    near = f"; {count} began near their goal" if (count := figures.get("near_before", 0)) else ""
    took = "" if seconds is None else f", median {seconds:.1f} s"
    return (
        f"{figures['reached']} of {figures['goals']} goals at {100 * figures['speed']:g} % of "
        f"{figures.get('authority', SPEED)} "
        f"({100 * low:.0f} to {100 * high:.0f} %, Wilson){took}{near}; "
        f"the gate stopped {figures['stops']} times"
    )


def gaps_text(gaps: Mapping[str, float], units: Mapping[str, str]) -> str:
    """Return gaps as readable text, lengths in cm.

    Args:
        gaps: distances by name.
        units: of each, by name.
    """
    told = []
    for name, gap in gaps.items():
        unit = units[name]
        told.append(f"{name} {100 * gap:.1f} cm" if unit == "m" else f"{name} {gap:.2f} {unit}")
    return ", ".join(told)


def _shadow(figures: Mapping[str, Any]) -> str:
    if figures["agreement"] is None:
        return "no plan was compared"
    surprised = figures["surprised_share"]
    told = (
        ""
        if surprised is None
        else f", {100 * surprised:.0f} % of the {figures.get('taken', 'pictures')} surprise the model"
    )
    return (
        f"{figures['plans']} plans agree with the way back by {figures['agreement']:.2f} "
        f"({figures['shuffled']:.2f} by chance){told}; {figures['goals']} goals kept"
    )
