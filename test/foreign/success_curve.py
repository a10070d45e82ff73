# SPDX-License-Identifier: Apache-2.0
"""Success against minutes explored, of what recipe.sh made: `success_curve.py OUT MINUTES...`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ami_ros.commission.record import FULL
from ami_ros.commission.trials import GoalTrial, speed_figures
from ami_ros.report.plots import ACCENT, AMBER, GREY, WIDTH, as_png, figure_with_axes

LIMITS = {"success_5cm": 0.05, "success_2cm": 0.02}  # m, of the tip


def point(record: Path, minutes: float) -> dict[str, Any]:
    """Return what the model of the first minutes reached at full speed.

    Its success is None where it tried no goal: the model was refused, or did not pass the shadow step.
    """
    steps = json.loads(record.read_text())["steps"] if record.exists() else {}
    trials = [GoalTrial(**goal) for goal in steps.get(FULL, {}).get("goals", [])]
    row: dict[str, Any] = {"minutes": minutes, "goals": len(trials)}
    for name, limit in LIMITS.items():
        figures = speed_figures(trials, {"tip": limit})
        row[name], row[f"{name}_ci"] = figures["success"], figures["success_ci"]
    return row


def drawn(points: list[dict[str, Any]]) -> bytes:
    """Return the curves as PNG, with 95 % intervals; a cross at 0: may not plan."""
    figure, axes = figure_with_axes(WIDTH, 3.2)
    tried = [it for it in points if it["goals"]]
    times = [it["minutes"] for it in tried]
    for (name, limit), colour in zip(LIMITS.items(), (ACCENT, AMBER), strict=True):
        bars = [[100.0 * abs(it[name] - it[f"{name}_ci"][side]) for it in tried] for side in (0, 1)]
        rates, label = [100.0 * it[name] for it in tried], f"within {100.0 * limit:g} cm"
        axes.errorbar(times, rates, yerr=bars, color=colour, marker="o", capsize=3, label=label)
    if refused := [it["minutes"] for it in points if not it["goals"]]:
        axes.plot(refused, [0.0] * len(refused), "x", color=GREY, label="may not plan")
    axes.set(xlabel="minutes explored", ylabel="goals reached [%]", xlim=(0, None), ylim=(-3, 105))
    axes.grid(color=GREY, alpha=0.25)
    axes.legend(frameon=False, labelcolor=GREY)
    return as_png(figure)


def main(out: Path, minutes: list[str]) -> None:
    """Read the records; write curve.json and curve.png."""
    points = [point(out / some / "commissioned" / "commission.json", float(some)) for some in minutes]
    (out / "curve.json").write_text(json.dumps({"points": points}, indent=1) + "\n")
    (out / "curve.png").write_bytes(drawn(points))
    for one in points:
        print(json.dumps(one))
    print(out / "curve.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
