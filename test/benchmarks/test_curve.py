# SPDX-License-Identifier: Apache-2.0
"""Which budget is worth its time, and who is ahead at equal time, on points whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from ami_ros.bench.search.plan_time import Budget, budget_of
from ami_ros.planning.settings import load_planner_settings
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.yardstick import TOLERANCES
from benchmarks.curve.command import print_curve
from benchmarks.curve.points import at_equal_time, knee, measure_curve, strictest, variants


def point(ms: float, rate: float, family: str = "mppi", public: bool = False, **more) -> dict:
    rates = {f"success_{near}cm": rate for near in (5, 3, 2)}
    return {
        "family": family,
        "public": public,
        "samples": 8,
        "plan_ms_p50": ms,
        "episodes": 100,
        **rates,
    } | more


def test_the_knee_is_the_fastest_that_is_as_good_as_the_best():
    points = [point(1.0, 0.5), point(4.0, 0.87), point(9.0, 0.90), point(30.0, 0.90)]
    assert knee(points)["plan_ms_p50"] == 4.0  # one standard error of 0.9 in 100 is 0.03
    assert knee([*points, point(60.0, 1.0)])["plan_ms_p50"] == 60.0


def test_the_knee_is_one_of_ours_that_searches():
    alone = {key: value for key, value in point(0.1, 1.0, "inverse_model").items() if key != "samples"}
    assert knee([point(5.0, 0.9), point(2.0, 1.0, public=True), alone])["plan_ms_p50"] == 5.0


def test_a_task_is_judged_by_its_own_yardstick(capsys):
    """A base, or a plant, is within its tolerance or not: there is no success_2cm."""

    def run(way):
        for error in (0.5, 0.8, 2.0) if way.family == "mppi" else (0.5, 3.0, 2.0):
            errors, ms = np.array([4.0, error]), np.array([2.0])
            yield EpisodeResult(1, errors, None, ms, {}, None, None, yardstick=TOLERANCES)

    points = measure_curve(variants(load_planner_settings(), [Budget(16, 3, 2)], ["pytorch_mppi"]), run, 0.1)
    assert all(key in points[0] for key in ("success", "success_ci")) and strictest(points[0]) == "success"
    best = knee(points)
    assert best["family"] == "mppi" and best["success"] == pytest.approx(2 / 3)
    compared = at_equal_time(points)
    assert [pair["not_below"] for pair in compared] == [True]
    figures = {"points": points, "knee": best, "at_equal_time": compared}
    print_curve(Console(width=100), figures, TOLERANCES)
    assert "tolerance" in capsys.readouterr().out


def test_equal_time_means_no_slower():
    theirs = [point(3.0, 0.4, public=True), point(10.0, 0.95, public=True), point(0.5, 0.1, public=True)]
    compared = at_equal_time([point(2.0, 0.3), point(3.0, 0.4), point(9.0, 0.9), *theirs])
    assert [pair["not_below"] for pair in compared] == [True, False, False]
    assert [pair["ours"] and pair["ours"]["plan_ms_p50"] for pair in compared] == [3.0, 9.0, None]


def test_not_below_means_at_no_distance():
    theirs = point(3.0, 0.5, public=True, success_5cm=0.9)
    compared = at_equal_time([point(3.0, 0.5, success_2cm=0.6, success_5cm=0.8), theirs])
    assert not compared[0]["not_below"]


def test_every_solver_gets_every_budget_and_nothing_else_changes():
    settings = load_planner_settings()
    budgets = [Budget(16, 3, 2), Budget(32, 4, 1)]
    found = variants(settings, budgets, ["pytorch_mppi"])
    assert [way.family for way in found] == [
        "inverse_model",
        *("mppi", "mppi", "cem", "cem", "cem_without_inverse_model", "cem_without_inverse_model"),
        *("pytorch_mppi", "pytorch_mppi"),
    ]
    for way in found[1:]:
        assert budget_of(way.settings) in budgets
        assert way.settings.solvers["cem"].num_elites <= way.settings.num_samples
        assert way.settings.terms == settings.terms
    assert [way.settings.inverse_proposal for way in found[1:7]] == [True] * 4 + [False] * 2


@pytest.mark.parametrize("success", ["success_5cm", "success_2cm"])
def test_the_curve_is_drawn(success):
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    from ami_ros.report.plots import success_against_plan_time

    interval = {f"success_{near}cm_ci": [0.2, 0.95] for near in (5, 3, 2)}
    points = [point(float(ms), 0.9, "cem") | interval for ms in (3, 1)] + [
        point(2.0, 0.5, "swm_cem", True) | interval
    ]
    picture = success_against_plan_time(points, points[0], success)
    assert picture.startswith(b"\x89PNG")
