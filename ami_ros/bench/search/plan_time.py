# SPDX-License-Identifier: Apache-2.0
"""How long one plan takes, from camera image to action blocks, and how much computation it needs."""

from __future__ import annotations

import dataclasses
import re
import time
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.errors import ConfigError, shown
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.problem import Solver
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.warm_up import goal_at_home, readings_at_home, warm_up
from ami_ros.types import ImageArray, Observation, Reading

NO_DEADLINE_S = 60.0
BUDGET_NAMES = ("num_samples", "horizon", "num_iterations")
ROOF_SIZE = 1024  # rows and columns: large enough not to be memory-bound
ROOF_REPEATS = 8


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much a plan may search."""

    samples: int
    horizon: int
    iterations: int

    def __str__(self) -> str:
        """Return samples x horizon x iterations."""
        return f"{self.samples}x{self.horizon}x{self.iterations}"

    def _fitting(self, section: Any) -> Any:
        """Return a solver's settings with no more elites than there are candidates."""
        if not hasattr(section, "num_elites"):
            return section
        return dataclasses.replace(section, num_elites=min(section.num_elites, self.samples))

    def of(self, settings: PlannerSettings) -> PlannerSettings:
        """Return `settings` with this budget, and without a deadline."""
        return dataclasses.replace(
            settings,
            num_samples=self.samples,
            solvers={name: self._fitting(section) for name, section in settings.solvers.items()},
            horizon=self.horizon,
            num_iterations=self.iterations,
            deadline_s=NO_DEADLINE_S,
        )


def budget_of(settings: PlannerSettings) -> Budget:
    """Return the budget that `settings` plan with."""
    return Budget(settings.num_samples, settings.horizon, settings.num_iterations)


def time_plans(
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    plans: int,
    solver: Solver | None = None,
) -> dict[str, Any]:
    """Time whole plans on noise images, after a warm-up.

    Args:
        model: the loaded world model.
        spec: the robot.
        settings: how to search, with `Budget.of` applied.
        plans: how many.
        solver: solves instead of ours.

    Returns:
        ``plan_ms_p50 plan_ms_p99 samples horizon iterations flops gflops roof_gflops roof_share``. The roof
        is measured before and after, in the precision of the model, so that both see the same machine;
        `flops` counts matrix products and convolutions only.
    """
    planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns, solver)
    warm_up(planner, spec)
    generator = np.random.default_rng(0)

    def noise(camera: ImageSensor) -> ImageArray:
        return generator.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)

    values = readings_at_home(spec, noise)
    planner.set_goal(goal_at_home(spec, noise))

    def plan(number: int) -> None:
        stamp_ns = number * spec.step_ns
        planner.plan(Observation({n: Reading(v, stamp_ns, stamp_ns) for n, v in values.items()}))

    with FlopCounterMode(display=False) as counter:
        plan(0)
    flops = counter.get_total_flops()
    roof_before = roof_gflops(model.precision, model.device)
    times_s = []
    for number in range(1, plans + 1):
        before = time.perf_counter()
        plan(number)
        times_s.append(time.perf_counter() - before)
    roof = max(roof_before, roof_gflops(model.precision, model.device))
    median_s, slow_s = np.percentile(times_s, (50, 99))
    return {
        "plan_ms_p50": float(median_s) * 1e3,
        "plan_ms_p99": float(slow_s) * 1e3,
        **dataclasses.asdict(budget_of(settings)),
        "flops": flops,
        "gflops": flops / float(median_s) / 1e9,
        "roof_gflops": roof,
        "roof_share": flops / float(median_s) / 1e9 / roof,
    }


def parse_budget(text: str) -> Budget:
    """Return samples, horizon and iterations of ``64x5x4``.

    Raises:
        ConfigError: the text has another form, or a number is out of the planner's range.
    """
    match = re.fullmatch(r"(\d{1,6})x(\d{1,3})x(\d{1,3})", text)
    numbers = [int(number) for number in match.groups()] if match else [0, 0, 0]
    rules = [PlannerSettings.__dataclass_fields__[name].metadata for name in BUDGET_NAMES]
    if not all(rule["ge"] <= number <= rule["le"] for number, rule in zip(numbers, rules, strict=True)):
        ranges = ", ".join(
            f"{name} {rule['ge']} to {rule['le']}" for name, rule in zip(BUDGET_NAMES, rules, strict=True)
        )
        raise ConfigError(
            f"budget: got {shown(text)}, expected SAMPLESxHORIZONxITERATIONS, e.g. 64x5x4, with {ranges}"
        )
    return Budget(*numbers)


def roof_gflops(dtype: torch.dtype, device: torch.device) -> float:
    """Return the fastest of some large matrix products, GFLOP/s, with torch's current threads."""
    left, right = torch.ones(2, ROOF_SIZE, ROOF_SIZE, dtype=dtype, device=device)
    best_s = float("inf")
    for _ in range(ROOF_REPEATS):
        _wait(device)
        before = time.perf_counter()
        left @ right
        _wait(device)
        best_s = min(best_s, time.perf_counter() - before)
    return 2.0 * ROOF_SIZE**3 / best_s / 1e9


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
