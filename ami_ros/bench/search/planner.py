# SPDX-License-Identifier: Apache-2.0
"""Plan time at several budgets and of several solvers, compared with the processor's peak."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ami_ros.bench.search.lewm import Protocol, time_lewm
from ami_ros.bench.search.plan_time import Budget, budget_of, time_plans
from ami_ros.bench.search.settings import BenchSettings
from ami_ros.bench.search.solvers import OURS, PUBLIC, public_solver
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.settings import PlannerSettings


def bench_planner(
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    budgets: Sequence[Budget],
    plans: int,
    on_part: Callable[[str], None] = lambda part: None,
) -> dict[str, Any]:
    """Time whole plans, from camera image to action blocks, at several budgets.

    Args:
        model: the loaded world model.
        spec: the robot.
        settings: the shipped ones give `default`.
        budgets: further ones to compare.
        plans: per budget, after a warm-up.
        on_part: called before each budget is measured, with its name.

    Returns:
        `default` and `budgets` (by "samples x horizon x iterations"), each as `time_plans`.
    """
    default = budget_of(settings)
    measured = {}
    for budget in dict.fromkeys([default, *budgets]):
        on_part(str(budget))
        measured[str(budget)] = time_plans(model, spec, budget.of(settings), plans)
    return {
        "solver": settings.solver,
        "threads": torch.get_num_threads(),
        "device": str(model.device),
        "precision": str(model.precision).removeprefix("torch."),
        "default": measured[str(default)],
        "budgets": measured,
    }


def bench_solvers(
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    bench: BenchSettings,
    plans: int,
    with_public: bool,
    on_part: Callable[[str], None] = lambda part: None,
) -> dict[str, dict[str, Any]]:
    """Time ours and, `with_public`, the public solvers on the same model at the shipped budget; by name."""
    measured = {}
    for name in (*(f"ami_ros_{kind}" for kind in OURS), *(PUBLIC if with_public else ())):
        on_part(name)
        ours = name.removeprefix("ami_ros_")
        wanted = dataclasses.replace(settings, solver=ours if ours in OURS else "mppi")
        wanted = budget_of(settings).of(wanted)
        solver = None if ours in OURS else public_solver(name, bench)
        measured[name] = time_plans(model, spec, wanted, plans, solver)
    return measured


def bench_scale(default: dict[str, Any], protocol: Protocol | None = None) -> dict[str, Any]:
    """Return `swm_lewm`, its plan, and `speedup_vs_swm_lewm`, the number of our plans in the same time."""
    lewm = time_lewm(protocol)
    return {"swm_lewm": lewm, "speedup_vs_swm_lewm": lewm["plan_s"] * 1e3 / default["plan_ms_p50"]}
