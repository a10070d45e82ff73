# SPDX-License-Identifier: Apache-2.0
"""Settings of the planner: config/planner.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.config import setting
from ami_ros.errors import ConfigError
from ami_ros.task_file import load_task_settings

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
DISTANCES = ("l2", "slow", "temporal")
SOLVERS = ("cem", "mppi", "inverse_model", "random", "hold")


@dataclass(frozen=True)
class PlannerSettings:
    """How the planner searches; the last three solvers do not search and serve as baselines."""

    solver: str = setting("what chooses the actions", choices=SOLVERS)
    num_samples: int = setting("candidates per iteration (S)", ge=8, le=65536)
    num_elites: int = setting("candidates that shape the next iteration (CEM)", ge=2, le=65536)
    num_iterations: int = setting("iterations per plan", ge=1, le=100)
    horizon: int = setting("action blocks per candidate (T)", ge=1, le=100)
    temperature: float = setting(
        "spread of weights over candidates (MPPI), share of the cost's std", gt=0.0, le=100.0
    )
    initial_std: float = setting("std of the first candidates, share of the action range", gt=0.0, le=2.0)
    noise_correlation: float = setting("of a candidate's neighbouring control steps", ge=0.0, lt=1.0)
    minimum_std: float = setting("floor of the candidates' std, share of the action range", gt=0.0, le=1.0)
    discount: float = setting(
        "weight of a step relative to the next one; below 1 the end counts most", gt=0.0, le=1.0
    )
    effort_weight: float = setting("cost of moving at full speed for one step", ge=0.0, le=100.0)
    disagreement_weight: float = setting(
        "cost of going where the model is as unsure as usual", ge=0.0, le=100.0
    )
    distance: str = setting("how the way to an image goal is measured", choices=DISTANCES)
    inverse_proposal: bool = setting("let the inverse model steer one of the first candidates")
    arrival_distance: float = setting("arrived below this distance", gt=0.0, le=100.0, unit="control steps")
    departure_distance: float = setting(
        "no longer arrived above this distance", gt=0.0, le=100.0, unit="control steps"
    )
    deadline_s: float = setting(
        "wall time after which the best plan so far is returned", gt=0.0, le=60.0, unit="s"
    )
    seed: int = setting("seed of the candidates", ge=0)
    threads: int = setting("CPU threads for the model", ge=1, le=256)
    device: str = setting("what the model runs on; auto takes a GPU where there is one", choices=DEVICES)
    precision: str = setting(
        "numbers that the search computes with; auto is float32 on cpu, float16 on cuda", choices=PRECISIONS
    )

    def __post_init__(self) -> None:
        if self.num_elites > self.num_samples:
            raise ConfigError(
                f"num_elites: got {self.num_elites}, expected at most num_samples = {self.num_samples}"
            )
        if self.departure_distance < self.arrival_distance:
            raise ConfigError(
                f"departure_distance: got {self.departure_distance}, "
                f"expected at least arrival_distance = {self.arrival_distance}"
            )


def load_planner_settings(
    overrides: dict[str, object] | None = None, task: str | None = None
) -> PlannerSettings:
    """Read config/planner.yaml, then what the task changes, then `overrides`. Raises ConfigError."""
    return load_task_settings(PlannerSettings, "planner", task, overrides)
