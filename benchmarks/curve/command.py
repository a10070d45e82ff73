# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks curve`: success in closed loop against plan time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.bench.search.plan_time import Budget
    from ami_ros.evaluation.experiment import Experiment
    from ami_ros.sim.loop.closed_loop import EpisodeResult
    from ami_ros.sim.tasks.yardstick import Yardstick
    from benchmarks.curve.points import Variant

BUDGETS = ["16x5x1", "32x5x2", "64x5x2", "64x5x4", "128x5x2", "128x5x4", "256x5x4"]


def curve(
    task: options.Task = None,
    model: options.Model = None,
    robot: options.Robot = None,
    budget: options.Budgets = BUDGETS,
    episodes: options.Episodes = 50,
    seed: options.Seed = 7001,
    public: Annotated[bool, typer.Option(help="Also the public solvers (extra `bench`).")] = True,
    json_file: options.Json = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the curve to this PNG file.")] = None,
) -> None:
    """Measure success per millisecond: the same episodes with every solver at several budgets.

    Ours: MPPI, CEM, CEM without proposals of the inverse model, and the inverse model alone. The public
    solvers drive the same model in the same loop. The knee is the fastest budget whose success is the best's,
    within one standard error.

    Example: python -m benchmarks curve --task reach --json curve.json --plot curve.png

    Two budgets, ours only: python -m benchmarks curve --no-public --budget 64x5x4 --budget 128x5x4
    """
    from ami_ros.bench.search.plan_time import parse_budget
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable, write_whole

    budgets = [parse_budget(text) for text in budget]
    wanted = prepare(robot, task, model, episodes=episodes, seed=seed)
    require("sim", *(["bench"] if public else []), *(["train"] if plot else []))
    check_writable(json_file, plot)
    figures = measure(wanted, budgets, public)
    figures |= {
        "task": wanted.task,
        "seed": seed,
        "model_sha256": wanted.sha256,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
        if plot is not None:
            from ami_ros.report.plots import success_against_plan_time
            from benchmarks.curve.points import strictest

            best = figures["knee"]
            write_whole(plot, success_against_plan_time(figures["points"], best, strictest(best)))
    finally:
        print_curve(Console(), figures, wanted.load_task().yardstick)


def measure(wanted: Experiment, budgets: list[Budget] | None, public: bool) -> dict[str, Any]:
    """Return `points`, `knee` and `at_equal_time`; the usual budgets by default."""
    from ami_ros.bench.search.plan_time import parse_budget
    from ami_ros.bench.search.settings import load_bench_settings
    from ami_ros.bench.search.solvers import PUBLIC, public_solver
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.direct_episodes import DirectRunner
    from ami_ros.evaluation.figures import step_s
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.warm_up import warm_up
    from benchmarks.curve.points import at_equal_time, knee, measure_curve, variants

    budgets = budgets or [parse_budget(text) for text in BUDGETS]
    ways = variants(wanted.planner, budgets, PUBLIC if public else ())
    runner, bench = DirectRunner(wanted), load_bench_settings()
    with progress_bar("curve", len(ways) * len(wanted.seeds)) as bar:

        def run(way: Variant) -> Iterator[EpisodeResult]:
            model, settings = runner.model, way.settings
            solver = None if way.public is None else public_solver(way.public, bench)
            planner = RecedingHorizonPlanner(model, wanted.spec, settings, time.perf_counter_ns, solver)
            warm_up(planner, wanted.spec)
            for seed in wanted.seeds:
                yield runner.run(planner, seed)
                bar.update(1, way.family)

        points = measure_curve(ways, run, step_s(wanted))
    runner.close()
    return {"points": points, "knee": knee(points), "at_equal_time": at_equal_time(points)}


def print_curve(console: Any, figures: dict[str, Any], yardstick: Yardstick) -> None:
    """Print every point by the yardstick of its task, the knee marked."""
    from rich.table import Table

    table = Table("", "budget", "p50 ms", *(near.text for near in yardstick.thresholds), title="success")
    for point in figures["points"]:
        budget = "-"
        if "samples" in point:
            budget = f"{point['samples']}x{point['horizon']}x{point['iterations']}"
        rates = (f"{point[near.figure('success')]:.1%}" for near in yardstick.thresholds)
        style = "bold green" if point is figures["knee"] else ""
        table.add_row(point["family"], budget, f"{point['plan_ms_p50']:.1f}", *rates, style=style)
    console.print(table)
    below = [pair["public"]["family"] for pair in figures["at_equal_time"] if not pair["not_below"]]
    if figures["at_equal_time"]:
        verdict = f"below {', '.join(sorted(set(below)))}" if below else "never below a public solver"
        console.print(f"At equal plan time ours is {verdict}.")
