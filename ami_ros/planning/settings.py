# SPDX-License-Identifier: Apache-2.0
"""Settings of the planner: config/planner.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ami_ros.errors import ConfigError, shown
from ami_ros.model.distances import DISTANCES
from ami_ros.planning.routes.settings import GRAPH, OFF, settings_of_routes
from ami_ros.planning.sections import SOLVERS, TERMS
from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.task_file import load_task_settings

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class PlannerSettings:
    """How the planner searches."""

    solver: str = setting(
        "what selects the actions: one of solvers; without search, inverse_model, random, hold or retrieval"
    )
    solvers: Mapping[str, Any] = setting("each solver's own settings", sections=SOLVERS.settings_of)
    terms: Mapping[str, Any] = setting("a plan's cost: the terms' own settings", sections=TERMS.settings_of)
    route: str = setting("how the planner finds routes beyond its horizon: off, or one of routes")
    routes: Mapping[str, Any] = setting("each route finder's own settings", sections=settings_of_routes)
    num_samples: int = setting("candidates per iteration (S)", ge=8, le=65536)
    num_iterations: int = setting("iterations per plan", ge=1, le=100)
    horizon: int = setting("action blocks per candidate (T)", ge=1, le=100)
    initial_std: float = setting("std of the first candidates, share of the action range", gt=0.0, le=2.0)
    noise_correlation: float = setting("noise correlation of neighbouring control steps", ge=0.0, lt=1.0)
    minimum_std: float = setting("floor of the candidates' std, share of the action range", gt=0.0, le=1.0)
    distance: str = setting("distance measure for image goals", choices=DISTANCES)
    inverse_proposal: bool = setting("whether the inverse model steers one of the first candidates")
    precedents: int = setting("first candidates taken from a memory", ge=0, le=1000)
    arrival_distance: float = setting("arrived below this distance", gt=0.0, le=100.0, unit="control steps")
    departure_distance: float = setting(
        "departed above this distance", gt=0.0, le=100.0, unit="control steps"
    )
    deadline_s: float = setting(
        "wall time after which the planner returns the best plan so far", gt=0.0, le=60.0, unit="s"
    )
    judged: bool = setting("whether to refuse a model whose figures predict failure")
    seed: int = setting("seed of the candidates", ge=0)
    threads: int = setting("CPU threads for the model", ge=1, le=256)
    device: str = setting("what the model runs on; auto: a GPU if available", choices=DEVICES)
    precision: str = setting(
        "number format of the search; auto: float32 on cpu, float16 on cuda", choices=PRECISIONS
    )

    @property
    def searches(self) -> bool:
        """Whether the solver searches; one that does not is a baseline, without routes and precedents."""
        return bool(getattr(SOLVERS.named(self.solver).Solver, "searches", True))

    @property
    def recalls(self) -> bool:
        """Whether the planner uses the memory."""
        always = bool(getattr(SOLVERS.named(self.solver).Solver, "recalls", False))
        if always or not self.searches:
            return always
        caution = self.terms.get("caution")
        careful = caution is not None and caution.weight > 0.0
        return self.route == GRAPH or self.precedents > 0 or careful

    def __post_init__(self) -> None:
        if self.precedents > self.num_samples // 2:
            raise ConfigError(
                f"precedents: got {self.precedents}, expected at most half of num_samples, {self.num_samples}"
            )
        if self.solver not in self.solvers:  # one without settings, or with defaults of its own
            own = load_settings(SOLVERS.settings_of(self.solver), {}, where=f"solvers: {self.solver}")
            object.__setattr__(self, "solvers", {**self.solvers, self.solver: own})
        if self.route not in (OFF, *self.routes):
            raise ConfigError(
                f"route: got {shown(self.route)}, expected one of {[OFF, *sorted(self.routes)]}"
            )
        if not self.terms:
            raise ConfigError(
                "terms: got none, expected at least one: without terms, all plans cost the same"
            )
        for section in self.solvers.values():
            if hasattr(section, "check"):
                section.check(self.num_samples)
        if self.departure_distance < self.arrival_distance:
            raise ConfigError(
                f"departure_distance: got {self.departure_distance}, "
                f"expected at least arrival_distance = {self.arrival_distance}"
            )


def load_planner_settings(
    overrides: dict[str, object] | None = None, task: str | None = None
) -> PlannerSettings:
    """Read config/planner.yaml, then the task's changes, then `overrides`. Raises ConfigError."""
    return load_task_settings(PlannerSettings, "planner", task, overrides)
