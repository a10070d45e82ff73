# SPDX-License-Identifier: Apache-2.0
"""Plots as PNG bytes, legible on light and dark pages."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")  # no window, regardless of the user's matplotlibrc
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from ami_ros.errors import printable

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult
    from ami_ros.sim.tasks.yardstick import Yardstick

matplotlib.rcParams["text.parse_math"] = False  # "from $5 to $9" is a name, not a formula

GREY = "#7d8590"  # text and axes: legible on white and on near-black
WIDTH = 5.6  # inches; a card of the page shows it at about this size
GOOD, BAD, ACCENT, AMBER = "#2da44e", "#d1242f", "#3b82f6", "#f59e0b"


def error_over_time(results: Sequence[EpisodeResult], step_s: float) -> bytes:
    """Draw the true error over time, one line per episode."""
    figure, axes = figure_with_axes(WIDTH, 3.0)
    yardstick = results[0].yardstick
    scale = yardstick.per_error
    for result in results:
        reached = result.error[-1] <= yardstick.loosest.error
        times = [step * step_s for step in range(len(result.error))]
        axes.plot(times, result.error * scale, color=GOOD if reached else BAD, linewidth=1.2, alpha=0.75)
    for limit in dict.fromkeys((yardstick.loosest, yardstick.strictest)):
        axes.axhline(limit.error * scale, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            limit.text,
            (1.0, limit.error * scale),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=GREY,
            fontsize=8,
        )
    label = f"{yardstick.quantity} to goal [{yardstick.unit}]"
    axes.set(xlabel="time [s]", ylabel=label, ylim=(0, None), xlim=(0, None))
    return as_png(figure)


def success_against_baselines(figures: Mapping[str, Mapping[str, Any]], yardstick: Yardstick) -> bytes:
    """Draw success within each threshold, with 95 % intervals, by planner name; the first one is ours."""
    figure, axes = figure_with_axes(WIDTH, 0.7 + 0.6 * len(figures))
    for row, figure_of_one in enumerate(figures.values()):
        for place, limit in enumerate(yardstick.thresholds):
            key, shift = limit.figure("success"), 0.27 * (place - (len(yardstick.thresholds) - 1) / 2)
            alpha = 1.0 - 0.3 * place
            rate = figure_of_one[key]
            lower, upper = figure_of_one[f"{key}_ci"]
            axes.barh(row + shift, rate * 100, height=0.22, color=ACCENT if row == 0 else GREY, alpha=alpha)
            axes.plot([lower * 100, upper * 100], [row + shift] * 2, color=AMBER, linewidth=2)
            axes.text(
                max(upper, rate) * 100 + 1.5,
                row + shift,
                f"{round(rate * 100, 1):g}%",
                va="center",
                color=GREY,
                fontsize=8,
            )
    within = ", ".join(limit.text for limit in yardstick.thresholds)
    within += " (the palest)" if len(yardstick.thresholds) > 1 else ""
    axes.set(xlim=(0, 112), xlabel=f"success [%] within {within}, 95 % interval")
    axes.set_xticks(range(0, 101, 20))
    axes.set_yticks(range(len(figures)), labels=[name.replace("_", " ") for name in figures])
    axes.invert_yaxis()
    return as_png(figure)


def plan_times(results: Sequence[EpisodeResult]) -> bytes:
    """Draw how long one plan takes, all plans of all episodes."""
    figure, axes = figure_with_axes(WIDTH, 2.0)
    times = [float(value) for result in results for value in result.plan_ms]
    axes.hist(times, bins=40, color=ACCENT, alpha=0.9)
    axes.set(xlabel="time per plan [ms]", ylabel="plans", xlim=(0, None))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return as_png(figure)


def success_at_speeds(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw success with 95 % intervals, one bar for each of `rows` with ``name speed success success_ci``."""
    figure, axes = figure_with_axes(WIDTH, 0.9 + 0.5 * len(rows))
    for place, row in enumerate(rows):
        lower, upper = row["success_ci"]
        axes.barh(place, row["success"] * 100, height=0.5, color=ACCENT)
        axes.plot([lower * 100, upper * 100], [place] * 2, color=AMBER, linewidth=2)
    labels = [f"{row['name']}, {100 * row['speed']:g} %" for row in rows]
    axes.set(xlim=(0, 104), xlabel="goals reached [%], 95 % interval")
    axes.set_yticks(range(len(rows)), labels=labels)
    axes.invert_yaxis()
    return as_png(figure)


def cosines(values: Sequence[float]) -> bytes:
    """Draw how well plans point along the way, as a histogram of cosines."""
    figure, axes = figure_with_axes(WIDTH, 2.4)
    axes.hist(values, bins=40, range=(-1.0, 1.0), color=ACCENT, alpha=0.9)
    axes.axvline(0.0, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set(xlabel="cosine between first planned action and way back", ylabel="plans", xlim=(-1.0, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return as_png(figure)


def measured_over_expected(models: Sequence[Mapping[str, Any]], least: float) -> bytes:
    """Draw measured success, with 95 % intervals, over the expected one.

    Args:
        models: each with ``name expected measured measured_ci may_plan``.
        least: expected success below which a model may not plan.
    """
    figure, axes = figure_with_axes(WIDTH, 4.2)
    axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.axvline(100 * least, color=GREY, linewidth=0.9)
    axes.annotate("may plan", (100 * least + 1, 2), color=GREY, fontsize=8)
    for passes, colour in ((True, GOOD), (False, BAD)):
        some = [model for model in models if model["may_plan"] == passes]
        places = [100 * model["expected"] for model in some]
        low, high = ([100 * model["measured_ci"][end] for model in some] for end in (0, 1))
        axes.vlines(places, low, high, color=colour, alpha=0.3)
        axes.plot(places, [100 * model["measured"] for model in some], "o", color=colour, markersize=5)
    axes.set(xlim=(-3, 103), ylim=(-3, 103), xlabel="expected success [%]", ylabel="measured success [%]")
    return as_png(figure)


def lines(
    curves: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str, top: float | None = None
) -> bytes:
    """Draw one line of points (x, y) for each name, from y = 0 up to `top`, or the largest value."""
    figure, axes = figure_with_axes(WIDTH, 2.8)
    for name, points in curves.items():
        axes.plot([x for x, _ in points], [y for _, y in points], linewidth=1.4, label=name)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.set_ylim(0.0, top)
    axes.legend(frameon=False, fontsize=8, labelcolor=GREY, loc="lower right")
    return as_png(figure)


# Ours in strong colours, the public solvers in grey; families not named here are not drawn.
FAMILIES = {
    "mppi": ("MPPI", ACCENT, "o-"),
    "cem": ("CEM", "#8250df", "s-"),
    "cem_without_inverse_model": ("CEM without inverse model", "#8250df", "s:"),
    "inverse_model": ("inverse model alone", GOOD, "D"),
    "pytorch_mppi": ("pytorch-mppi", GREY, "^-"),
    "swm_cem": ("stable-worldmodel CEM", GREY, "v--"),
    "swm_mppi": ("stable-worldmodel MPPI", GREY, "x:"),
}


def success_against_plan_time(
    points: Sequence[Mapping[str, Any]], knee: Mapping[str, Any], success: str
) -> bytes:
    """Draw figure `success` of every point over its plan time, with 95 % intervals; the knee is ringed."""
    figure, axes = figure_with_axes(WIDTH, 3.6)
    for family, (label, color, style) in FAMILIES.items():
        line = sorted(
            (point for point in points if point["family"] == family), key=lambda p: p["plan_ms_p50"]
        )
        if not line:
            continue
        times = [point["plan_ms_p50"] for point in line]
        rates = [point[success] * 100 for point in line]
        low, high = zip(*(point[f"{success}_ci"] for point in line), strict=True)
        axes.vlines(times, [x * 100 for x in low], [x * 100 for x in high], color=color, alpha=0.3)
        axes.plot(times, rates, style, color=color, label=label, markersize=4, linewidth=1.2)
    axes.plot(knee["plan_ms_p50"], knee[success] * 100, "o", color=BAD, fillstyle="none", markersize=11)
    axes.set(xscale="log", ylim=(0, 103), xlabel="time per plan [ms]")
    for side in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        side("{x:g}")
    axes.set_ylabel(success.replace("_", " within ").replace("cm", " cm") + " [%]")
    axes.legend(frameon=False, fontsize=8, labelcolor=GREY, loc="lower right")
    return as_png(figure)


def figure_with_axes(width_in: float, height_in: float) -> tuple[Any, Any]:
    """Return a figure of this size, inches, and its only axes, in colours for light and dark pages."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=GREY, labelsize=9)
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)
    return figure, axes


def as_png(figure: Any, transparent: bool = True) -> bytes:
    """Return a figure as PNG; a transparent one shows the page behind it."""
    for text in figure.findobj(Text):
        text.set_text("\n".join(map(printable, text.get_text().split("\n"))))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, transparent=transparent)
    return buffer.getvalue()
