# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML page that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.report import plots
from ami_ros.report.pictures import data_uri, overlay, png
from ami_ros.report.statistics import episode_figures
from ami_ros.report.templates import template
from ami_ros.report.trends import legend
from ami_ros.types import FloatArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

TEMPLATE = "template.html.j2"
SPARK_SIZE = (96, 22)  # px, width and height of the small curves in the table


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows.

    Attributes:
        title: heading of the page.
        command: that reproduces it.
        results: the episodes, in order.
        summary: their figures, as `summarise` returns them.
        baselines: figures of other planners on the same episodes, by name; may be empty.
        setup: how it was run, by name (model, planner, seed, ...).
        goal: how the planner received goals: ``image``, or a sensor.
        hardware: where it was run, by name.
        versions: with what, by package name.
        step_s: duration of a control step.
        video: an .mp4 next to the page, or None.
        no_video: why there is none.
        trends: PNG of a plant's trends in each episode; empty for other bodies.
    """

    title: str
    command: str
    results: Sequence[EpisodeResult]
    summary: Mapping[str, Any]
    baselines: Mapping[str, Mapping[str, Any]]
    setup: Mapping[str, Any]
    hardware: Mapping[str, Any]
    versions: Mapping[str, str]
    step_s: float
    video: Path | None
    goal: str = "image"
    no_video: str = ""
    trends: Sequence[bytes] = ()


def render_html(data: ReportData) -> str:
    """Return the page, with all pictures and the video inside."""
    yardstick = data.results[0].yardstick
    charts = {
        f"{yardstick.quantity.capitalize()} to the goal": plots.error_over_time(data.results, data.step_s),
        "Time per plan": plots.plan_times(data.results),
    }
    if data.baselines:
        compared = {str(data.setup.get("planner", "planner")): data.summary, **data.baselines}
        charts["Success against baselines"] = plots.success_against_baselines(compared, yardstick)
    return template(TEMPLATE).render(
        data=data,
        summary=data.summary,
        goals=[_goal(result, number) for number, result in enumerate(data.results, start=1)],
        yardstick=yardstick,
        reached=sum(bool(result.error[-1] <= yardstick.loosest.error) for result in data.results),
        charts={name: data_uri(content, "image/png") for name, content in charts.items()},
        video=data_uri(data.video.read_bytes(), "video/mp4") if data.video else None,
        spark_size=SPARK_SIZE,
        trends=[data_uri(content, "image/png") for content in data.trends],
        colours=legend() if data.trends else {},
    )


def _goal(result: EpisodeResult, number: int) -> dict[str, Any]:
    goal, end = result.goal_image, result.final_image
    images = {"goal": goal, "end": end}
    if goal is not None and end is not None:
        images["overlay"] = overlay(goal, end)
    near = result.yardstick.loosest.error
    strips = {"expected": result.expected, "happened": result.happened}
    film = {name: strip for name, strip in strips.items() if strip is not None}
    return {
        "number": number,
        **episode_figures(result),
        "is_reached": bool(result.error[-1] <= near),
        "spark": _spark(result.error, near),
        "film": {
            name: data_uri(png(strip), "image/png") for name, strip in film.items() if strip is not None
        },
        "pictures": {
            name: data_uri(png(image), "image/png") for name, image in images.items() if image is not None
        },
    }


def _spark(error: FloatArray, near: float) -> str:
    """Return the error over time as the points of an SVG polyline."""
    width, height = SPARK_SIZE
    highest, last = max(float(error.max()), near), max(len(error) - 1, 1)
    points = (
        (2 + (width - 4) * i / last, height - 2 - (height - 4) * float(e) / highest)
        for i, e in enumerate(error)
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
