# SPDX-License-Identifier: Apache-2.0
"""Trends of a plant over one episode: demand, measured, predicted, limits, and the gate's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ami_ros.report.plots import ACCENT, AMBER, BAD, GOOD, GREY, WIDTH, as_png
from ami_ros.types import FloatArray

ROW, STRIP = 1.35, 0.3  # inches, height of a trend and of the strip of verdicts
LEVELS = {"PASS": GOOD, "LIMITED": AMBER, "HOLD": "#e8590c", "STOP": BAD}
NEAR = 0.25  # share of a trend's height: limits farther away than this are left out
MARGIN = 0.08  # share of a trend's height above and below


@dataclass(frozen=True, eq=False)
class Trend:
    """One value over time; all times are seconds from the beginning of the episode.

    Attributes:
        name: of the value.
        unit: its unit.
        times: (S + 1,) of the measured values.
        measured: (S + 1,) the value, or of a set point what was commanded.
        demand: what is wanted; None where nothing is.
        foreseen: (N, 2) times, and what the model expected then one action block before.
        limits: lowest and highest value; None: not limited.
    """

    name: str
    unit: str
    times: FloatArray
    measured: FloatArray
    demand: float | None = None
    foreseen: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    limits: tuple[float, float] | None = None

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest value to show: limits only where they are not far away."""
        shown = [*self.measured, *self.foreseen[:, 1], *([] if self.demand is None else [self.demand])]
        low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
        room = max(high - low, 1e-9 * max(1.0, abs(high)))
        for limit in self.limits or ():
            if low - NEAR * room <= limit <= high + NEAR * room:
                low, high = min(low, limit), max(high, limit)
        room = max(high - low, 1e-9 * max(1.0, abs(high)))
        return low - MARGIN * room, high + MARGIN * room


def draw_trends(trends: Sequence[Trend], verdicts: Sequence[tuple[float, str]]) -> bytes:
    """Draw trends below each other, and what the gate decided, as a PNG.

    Args:
        trends: at least one.
        verdicts: second and level of each change of the gate's verdict, in order.
    """
    heights = [*[ROW] * len(trends), STRIP]
    figure = Figure(figsize=(WIDTH, 0.5 + sum(heights)), layout="constrained")
    rows: Any = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    for axes, trend in zip(rows, trends, strict=False):
        _draw(axes, trend)
    end = float(max(trend.times[-1] for trend in trends))
    _draw_verdicts(rows[-1], verdicts, end)
    rows[-1].set(xlim=(0.0, end), xlabel="time [s]")
    for axes in rows:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.tick_params(colors=GREY, labelsize=8)
        axes.xaxis.label.set_color(GREY)
    return as_png(figure)


def _draw(axes: Any, trend: Trend) -> None:
    if trend.demand is not None:
        axes.axhline(trend.demand, color=GREY, linewidth=1.1, linestyle=(0, (4, 3)), label="demand")
    axes.plot(trend.times, trend.measured, color=ACCENT, linewidth=1.4, label="measured")
    if len(trend.foreseen):
        at, values = trend.foreseen.T
        axes.plot(at, values, ".", color=AMBER, markersize=2.6, label="predicted")
    low, high = trend.span
    for limit in trend.limits or ():
        if low < limit < high:
            axes.axhline(limit, color=BAD, linewidth=0.9, label="limit")
    axes.set_ylim(low, high)
    axes.set_title(f"{trend.name} [{trend.unit}]", color=GREY, fontsize=9, loc="left", pad=3)


def _draw_verdicts(axes: Any, verdicts: Sequence[tuple[float, str]], end: float) -> None:
    for index, (begin, level) in enumerate(verdicts):
        over = verdicts[index + 1][0] if index + 1 < len(verdicts) else end
        axes.axvspan(max(0.0, begin), min(over, end), color=LEVELS[level], linewidth=0)
    axes.set(ylim=(0.0, 1.0), yticks=[])
    axes.set_title("gate", color=GREY, fontsize=9, loc="left", pad=3)


def legend() -> Mapping[str, str]:
    """Return what the colours mean, colour by name."""
    lines = {"demand": GREY, "measured": ACCENT, "predicted one block before": AMBER, "limit": BAD}
    return {**lines, **{f"gate: {level}": color for level, color in LEVELS.items()}}
