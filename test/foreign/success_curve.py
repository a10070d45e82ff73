# SPDX-License-Identifier: Apache-2.0
"""Success against minutes explored, of what recipe.sh made: `success_curve.py OUT MINUTES...`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ami_ros.commissioning.core.record import FULL
from ami_ros.commissioning.core.trials import GoalTrial, speed_figures
from ami_ros.report.plots import ACCENT, AMBER, GREY, WIDTH, as_png, figure_with_axes

LIMITS = {"success_5cm": 0.05, "success_2cm": 0.02}  # m, of the tip
EVALUATED = "evaluated.json"
BESIDE = 0.008  # share of the longest time, by which two points at one place are apart


def point(folder: Path, minutes: float, evaluated: bool) -> dict[str, Any]:
    """Return what the model of the first minutes reached.

    Args:
        folder: of that model.
        minutes: explored.
        evaluated: its success is that of `ami-ros evaluate`; else of commissioning, at full speed.

    Returns:
        With `commissioned`, how many goals commissioning let it try. Success is None where there were no goals.
    """
    record = folder / "commissioned" / "commission.json"
    trials = [GoalTrial(**goal) for goal in _read(record).get("steps", {}).get(FULL, {}).get("goals", [])]
    figures = _of_evaluation(_read(folder / EVALUATED)) if evaluated else _of_trials(trials)
    return {"minutes": minutes, "commissioned": len(trials), **figures}


def _read(file: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return known


def _of_evaluation(known: dict[str, Any]) -> dict[str, Any]:
    figures = {f"{name}{of}": known.get(f"{name}{of}") for name in LIMITS for of in ("", "_ci")}
    return {"goals": known.get("episodes", 0), **figures}


def _of_trials(trials: list[GoalTrial]) -> dict[str, Any]:
    row: dict[str, Any] = {"goals": len(trials)}
    for name, limit in LIMITS.items():
        figures = speed_figures(trials, {"tip": limit})
        row[name], row[f"{name}_ci"] = figures["success"], figures["success_ci"]
    return row


def drawn(points: list[dict[str, Any]]) -> bytes:
    """Return the curves as PNG, with 95 % intervals; a cross at 0: commissioning let it try no goal."""
    figure, axes = figure_with_axes(WIDTH, 3.2)
    tried = [it for it in points if it["goals"]]
    longest = points[-1]["minutes"]
    for (name, limit), colour, side in zip(LIMITS.items(), (ACCENT, AMBER), (-1, 1), strict=True):
        times = [it["minutes"] + side * BESIDE * longest for it in tried]
        bars = [[100.0 * abs(it[name] - it[f"{name}_ci"][end]) for it in tried] for end in (0, 1)]
        rates, label = [100.0 * it[name] for it in tried], f"within {100.0 * limit:g} cm"
        axes.errorbar(times, rates, yerr=bars, color=colour, marker="o", capsize=3, label=label)
    if refused := [it["minutes"] for it in points if not it["commissioned"]]:
        axes.plot(refused, [0.0] * len(refused), "x", color=GREY, label="refused by commissioning")
    axes.set(xlabel="minutes explored", ylabel="goals reached [%]", xlim=(0, 1.05 * longest), ylim=(-3, 105))
    axes.set_xticks([it["minutes"] for it in points], [f"{it['minutes']:g}" for it in points])
    axes.grid(color=GREY, alpha=0.25)
    axes.legend(frameon=False, labelcolor=GREY, loc="lower right")
    return as_png(figure)


def main(out: Path, minutes: list[str]) -> None:
    """Read the records; write curve.json and curve.png."""
    evaluated = any((out / some / EVALUATED).exists() for some in minutes)
    points = [point(out / some, float(some), evaluated) for some in minutes]
    (out / "curve.json").write_text(json.dumps({"points": points}, indent=1) + "\n")
    (out / "curve.png").write_bytes(drawn(points))
    for one in points:
        print(json.dumps(one))
    print(out / "curve.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
