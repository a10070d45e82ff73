# SPDX-License-Identifier: Apache-2.0
"""How long a plan takes, and how close that comes to what the processor can do."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ami_ros.embodiment import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.warm_up import warm_up
from ami_ros.types import Goal, Observation

ROOF_SIZE = 1024  # rows and columns of the matrices behind the roof: large enough to leave memory out of it
ROOF_REPEATS = 8
NO_DEADLINE_S = 60.0


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much a plan may search."""

    samples: int
    horizon: int
    iterations: int

    def __str__(self) -> str:
        """Return samples x horizon x iterations."""
        return f"{self.samples}x{self.horizon}x{self.iterations}"


def bench_planner(
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    budgets: Sequence[Budget],
    plans: int,
    on_budget: Callable[[Budget], None] = lambda budget: None,
) -> dict[str, Any]:
    """Time whole plans, from camera image to action blocks, at several budgets.

    Args:
        model: the loaded world model.
        spec: the robot.
        settings: the shipped ones give `default`.
        budgets: further ones, each beside it.
        plans: per budget, after a warm-up.
        on_budget: called before each budget is measured.

    Returns:
        `default` and `budgets` (by "samples x horizon x iterations"): ``plan_ms_p50 plan_ms_p99 samples
        horizon iterations flops gflops roof_gflops roof_share``. The roof is measured around each budget, so
        that both see the same machine; `flops` counts matrix products and convolutions only.
    """
    default = Budget(settings.num_samples, settings.horizon, settings.num_iterations)
    measured = {}
    for budget in dict.fromkeys([default, *budgets]):
        on_budget(budget)
        measured[str(budget)] = _measure(model, spec, settings, budget, plans)
    return {
        "solver": settings.solver,
        "threads": torch.get_num_threads(),
        "default": measured[str(default)],
        "budgets": measured,
    }


def _measure(
    model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings, budget: Budget, plans: int
) -> dict[str, Any]:
    planner = RecedingHorizonPlanner(
        model,
        spec,
        dataclasses.replace(
            settings,
            num_samples=budget.samples,
            num_elites=min(settings.num_elites, budget.samples),
            horizon=budget.horizon,
            num_iterations=budget.iterations,
            deadline_s=NO_DEADLINE_S,
        ),
    )
    warm_up(planner, spec)
    generator = np.random.default_rng(0)
    size = (spec.camera.height, spec.camera.width, 3)
    image = generator.integers(0, 256, size, dtype=np.uint8)
    still = np.zeros_like(spec.home)
    planner.set_goal(Goal(image=generator.integers(0, 256, size, dtype=np.uint8)))

    def plan(number: int) -> None:
        stamp_ns = number * spec.step_ns
        planner.plan(Observation(image, spec.home, still, stamp_ns, stamp_ns, stamp_ns, stamp_ns))

    with FlopCounterMode(display=False) as counter:
        plan(0)
    flops = counter.get_total_flops()
    roof_before = roof_gflops()
    times_s = []
    for number in range(1, plans + 1):
        before = time.perf_counter()
        plan(number)
        times_s.append(time.perf_counter() - before)
    roof = max(roof_before, roof_gflops())
    median_s, slow_s = np.percentile(times_s, (50, 99))
    return {
        "plan_ms_p50": float(median_s) * 1e3,
        "plan_ms_p99": float(slow_s) * 1e3,
        **dataclasses.asdict(budget),
        "flops": flops,
        "gflops": flops / float(median_s) / 1e9,
        "roof_gflops": roof,
        "roof_share": flops / float(median_s) / 1e9 / roof,
    }


def roof_gflops() -> float:
    """Return the fastest of some large float32 matrix products, GFLOP/s, with torch's present threads."""
    left, right = torch.ones(ROOF_SIZE, ROOF_SIZE), torch.ones(ROOF_SIZE, ROOF_SIZE)
    best_s = float("inf")
    for _ in range(ROOF_REPEATS):
        before = time.perf_counter()
        left @ right
        best_s = min(best_s, time.perf_counter() - before)
    return 2.0 * ROOF_SIZE**3 / best_s / 1e9
