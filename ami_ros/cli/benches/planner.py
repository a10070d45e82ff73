# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench planner`: how long a plan takes, and what the public solvers need for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.cli.progress import ProgressBar
    from ami_ros.evaluation.experiment import Experiment

BUDGETS = ["32x5x2", "128x5x4", "300x5x10"]
MOST_PLANS = 1_000_000
HOW_TO_COMPARE = "pip install -e '.[bench]'"


def planner(
    model: options.Model = None,
    task: options.Task = None,
    robot: options.Robot = None,
    solver: options.Solver = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, bfloat16 or float16 [config/planner.yaml].")
    ] = None,
    budget: options.Budgets = BUDGETS,
    plans: Annotated[int, typer.Option(help="Plans per budget.")] = 200,
    compare: Annotated[
        bool, typer.Option(help="Also time the public solvers, and a LeWM-size model (minutes).")
    ] = True,
    json_file: options.Json = None,
) -> None:
    """Time plans, from camera image to actions, next to the processor's own limit (a large matrix product).

    The public solvers (extra `bench`) search the same model at the same budget in the same process.

    Example: ami-ros bench planner --json planner.json

    Other budgets: ami-ros bench planner --no-compare --budget 128x5x4 --budget 300x5x10
    """
    from ami_ros.bench.search.plan_time import parse_budget
    from ami_ros.cli.progress import progress_bar
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import missing_modules
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    budgets = [parse_budget(text) for text in budget]
    if not 1 <= plans <= MOST_PLANS:
        raise ConfigError(f"--plans: got {plans}, expected 1 to {MOST_PLANS}")
    changes = [] if precision is None else [f"precision={precision}"]
    wanted = prepare(robot, task, model, solver, 1, 7001, changes=changes)
    check_writable(json_file)
    absent = missing_modules("bench")
    with progress_bar("plan", len(budgets) + 4 + (3 if compare and not absent else 0)) as bar:
        figures = _times(wanted, budgets, plans, compare, not absent, bar)
    if absent and compare:
        figures["not_compared"] = f"not installed: {', '.join(absent)}; {HOW_TO_COMPARE}"
    figures |= {"model_sha256": wanted.sha256, "hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, figures)
    finally:
        _print_times(Console(), figures)


def _times(
    wanted: Experiment, budgets: list[Any], plans: int, compare: bool, public: bool, bar: ProgressBar
) -> dict[str, Any]:
    import torch

    from ami_ros.bench.search.planner import bench_planner, bench_scale, bench_solvers
    from ami_ros.bench.search.settings import load_bench_settings
    from ami_ros.model.runtime import load_model

    def note(part: str) -> None:
        bar.update(1, part)

    settings, spec = wanted.planner, wanted.spec
    torch.set_num_threads(settings.threads)
    runtime = load_model(
        wanted.model,
        spec,
        wanted.sha256,
        device=settings.device,
        precision=settings.precision,
        task=wanted.configuration.task_name,
    )
    public = public and runtime.device.type == "cpu"  # their adapters are written for a processor
    figures = bench_planner(runtime, spec, settings, budgets, plans, note)
    figures |= {"solvers": None, "swm_lewm": None, "speedup_vs_swm_lewm": None}
    if compare:
        bench = load_bench_settings()
        figures["solvers"] = bench_solvers(runtime, spec, settings, bench, plans, public, note)
    if compare and public:
        note("LeWM-size model")
        figures |= bench_scale(figures["default"])
    return figures


def _print_times(console: Any, figures: dict[str, Any]) -> None:
    from rich.table import Table

    how = f"{figures['solver']}, {figures['precision']} on {figures['device']}, {figures['threads']} thread"
    table = Table("", "p50 ms", "p99 ms", "MFLOP", "GFLOP/s", "of roof", title=how)
    for name, row in {**figures["budgets"], **(figures["solvers"] or {})}.items():
        cells = (row["plan_ms_p50"], row["plan_ms_p99"], row["flops"] / 1e6, row["gflops"])
        table.add_row(name, *(f"{cell:.1f}" for cell in cells), f"{row['roof_share']:.0%}")
    console.print(table)
    if (lewm := figures["swm_lewm"]) is not None:
        console.print(
            f"stable-worldmodel's CEM on a LeWM-size model, {lewm['samples']}x{lewm['horizon']}"
            f"x{lewm['iterations']}: {lewm['plan_s']:.1f} s per plan, "
            f"{figures['speedup_vs_swm_lewm']:.0f} of ours"
        )
    if "not_compared" in figures:
        console.print(f"Public solvers: {figures['not_compared']}")
