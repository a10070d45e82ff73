# SPDX-License-Identifier: Apache-2.0
"""stable-worldmodel's CEM and MPPI on our world model."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ami_ros.planning.problem import Problem, Solution


class _Cost:
    """The model interface of stable-worldmodel, for one environment."""

    def __init__(self) -> None:
        self.problem: Problem | None = None

    def get_cost(self, info: dict[str, Any], candidates: Tensor) -> Tensor:
        """Return costs (1, S) of candidates (1, S, T, K A), judged as the robot would execute them."""
        if self.problem is None:
            return torch.zeros(candidates.shape[:2])
        return self.problem.evaluate(candidates[0].clamp(-1.0, 1.0))[0].unsqueeze(0)


class StableWorldModel:
    """Drives a solver of stable-worldmodel, with its own initial spread, elites and iterations set to ours.

    Args:
        kind: cem or mppi.
        temperature: of the MPPI's weights.
    """

    def __init__(self, kind: str, temperature: float) -> None:
        self._kind, self._temperature = kind, temperature
        self._cost = _Cost()
        self._solver: Any = None
        self._settings: object = None

    def solve(self, problem: Problem) -> Solution:
        """Return the chosen actions (T, K A), without their cost."""
        settings = problem.objective.settings
        if settings is not self._settings:
            self._solver, self._settings = self._configured(problem), settings
        self._cost.problem = problem
        self._solver.torch_gen.manual_seed(int(torch.randint(2**31, (1,), generator=problem.generator)))
        # A copy: a warm start may be an expanded tensor, and the solver writes into it.
        warm_start = problem.warm_start.unsqueeze(0).clone()
        with contextlib.redirect_stdout(io.StringIO()), problem.objective.model.searching():
            # Its output: it prints the time of every solve.
            outputs = self._solver.solve({"state": torch.zeros(1, 1)}, warm_start)
        return Solution(outputs["actions"][0].clamp(-1.0, 1.0), iterations=settings.num_iterations)

    def _configured(self, problem: Problem) -> Any:
        from gymnasium.spaces import Box
        from stable_worldmodel import PlanConfig
        from stable_worldmodel.solver import CEMSolver, MPPISolver

        settings = problem.objective.settings
        common: dict[str, Any] = {
            "num_samples": settings.num_samples,
            "n_steps": settings.num_iterations,
            "var_scale": settings.initial_std,
            "topk": settings.solvers["cem"].num_elites,
        }
        solver = (
            CEMSolver(self._cost, **common)
            if self._kind == "cem"
            else MPPISolver(self._cost, temperature=self._temperature, **common)
        )
        actions = Box(-1.0, 1.0, (1, problem.warm_start.shape[1]), np.float32)
        config = PlanConfig(horizon=settings.horizon, receding_horizon=1)
        solver.configure(action_space=actions, n_envs=1, config=config)
        return solver
