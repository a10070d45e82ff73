# SPDX-License-Identifier: Apache-2.0
"""Success per millisecond: what each solver achieves for its plan time, and which budget is worth it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ami_ros.bench.search.plan_time import Budget, budget_of
from ami_ros.planning.settings import PlannerSettings
from ami_ros.report.statistics import success_figures, summarise

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

AS_FAST = 1.1  # of a plan time, which varies by so much from run to run
KEPT = ("episodes", "plan_ms_p50", "plan_ms_p99", "arrived_share", "false_arrivals")


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to plan.

    Attributes:
        family: variants drawn as one line.
        settings: how it plans.
        public: name of the public solver in place of ours; None for ours.
    """

    family: str
    settings: PlannerSettings
    public: str | None = None


def variants(settings: PlannerSettings, budgets: Sequence[Budget], public: Sequence[str]) -> list[Variant]:
    """Return every solver at every budget; the inverse model alone has none."""
    ways = [
        ("mppi", {"solver": "mppi"}, None),
        ("cem", {"solver": "cem"}, None),
        ("cem_without_inverse_model", {"solver": "cem", "inverse_proposal": False}, None),
        *((name, {"solver": "mppi"}, name) for name in public),
    ]
    found = [Variant("inverse_model", dataclasses.replace(settings, solver="inverse_model"))]
    for family, changes, name in ways:
        changed: Any = dataclasses.replace(settings, **changes)  # type: ignore[arg-type]
        found += [Variant(family, budget.of(changed), name) for budget in budgets]
    return found


def measure_curve(
    ways: Sequence[Variant], run: Callable[[Variant], Iterable[EpisodeResult]], step_s: float
) -> list[dict[str, Any]]:
    """Run the same episodes with every variant.

    Args:
        ways: what to compare.
        run: yields the episodes of one variant, planned and closed through the gate.
        step_s: duration of a control step.

    Returns:
        One point per variant: ``family public samples horizon iterations``, the success by the task's
        yardstick with its intervals, and the figures of `KEPT`.
    """
    points = []
    for way in ways:
        figures = summarise(list(run(way)), step_s)
        searched = dataclasses.asdict(budget_of(way.settings)) if way.family != "inverse_model" else {}
        points.append(
            {"family": way.family, "public": way.public is not None}
            | searched
            | {name: value for name, value in figures.items() if name in KEPT or name.startswith("success")}
        )
    return points


def strictest(point: Mapping[str, Any]) -> str:
    """Return the name of a point's success by the strictest threshold of its task."""
    return [*success_figures(point)][-1]


def knee(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return our fastest searching point that is as good as the best, within one standard error.

    The measure is the share of episodes that end within the strictest threshold of the task.

    Source: Breiman et al., "Classification and regression trees" (1984), section 3.4.3, the 1 SE rule.
    """
    ours = [point for point in points if not point["public"] and "samples" in point]
    success = strictest(points[0])
    best = max(ours, key=lambda point: (point[success], -point["plan_ms_p50"]))
    rate = best[success]
    enough = rate - math.sqrt(rate * (1.0 - rate) / best["episodes"])
    return min((p for p in ours if p[success] >= enough), key=lambda point: point["plan_ms_p50"])


def at_equal_time(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare each public point with the best of ours that plans no slower, but for the noise of the times.

    Returns:
        Per public point ``public`` and ``ours`` (None if all of ours are slower) and ``not_below``: no strict
        or plain success of ours is lower.
    """
    compared = []
    for point in (p for p in points if p["public"]):
        rivals = [p for p in points if not p["public"] and p["plan_ms_p50"] <= AS_FAST * point["plan_ms_p50"]]
        keys = [*success_figures(point)][::-1]
        ours = max(rivals, key=lambda p: [p[key] for key in keys], default=None)
        not_below = ours is not None and all(ours[key] >= point[key] for key in keys)
        compared.append({"public": point, "ours": ours, "not_below": not_below})
    return compared
