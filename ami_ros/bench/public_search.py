# SPDX-License-Identifier: Apache-2.0
"""Our world model and our receding horizon with somebody else's solver between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ami_ros.model.runtime import EncodedGoal, ModelRuntime, SearchResult
from ami_ros.planning.objective import TERM_NAMES, effort_term, goal_term, step_weights, total
from ami_ros.planning.search import SOURCES
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class Problem:
    """What a solver is to solve, and the same predictor and cost that ours calls, scripted as for ours.

    Attributes:
        module: the scripted world model.
        latent: (D,) now.
        joints: (2 J,) now, rad and rad/s.
        goal: encoded.
        settings: budget, spread and weights.
        warm_start: (T, K A) in [-1, 1], the shifted last plan.
        seed: of the solver's random numbers.
    """

    module: Any
    latent: Tensor
    joints: Tensor
    goal: EncodedGoal
    settings: PlannerSettings
    warm_start: Tensor
    seed: int

    def cost(self, candidates: Tensor) -> Tensor:
        """Return the costs (S,) of candidates (S, T, K A) in [-1, 1]."""
        latents, joints = self.module.rollout(self.latent, self.joints, candidates)
        return self.cost_of(latents, joints, candidates)

    def cost_of(self, latents: Tensor, joints: Tensor, candidates: Tensor) -> Tensor:
        """Return the costs (S,) of predicted latents (S, T, D) and joints (S, T, 2 J) in rad and rad/s."""
        settings = self.settings
        distance = self.module.step_distances(
            latents, joints, self.goal.value, self.goal.is_joints, settings.distance
        )
        weights = step_weights(candidates.shape[1], settings.discount)
        effort = effort_term(candidates, settings.effort_weight)
        return total(torch.stack([goal_term(distance, weights), effort], dim=1))


class Solver(Protocol):
    """A public solver, driven through its own interface."""

    def solve(self, problem: Problem) -> Tensor:
        """Return the actions (T, K A) that it chose, which may lie outside [-1, 1]."""


class PublicSearch(ModelRuntime):
    """A world model that is searched by a public solver: everything else is as with ours.

    Args:
        model: the loaded world model.
        solver: searches instead of it.
    """

    def __init__(self, model: ModelRuntime, solver: Solver) -> None:
        super().__init__(model._module, model.contract, model.sha256, model.device, model.precision)
        self._solver = solver

    def search(
        self,
        latent: Tensor,
        joints: FloatArray,
        goal: EncodedGoal,
        warm_start: Tensor,
        noise: Tensor,
        settings: PlannerSettings,
    ) -> SearchResult:
        """Search for actions as `ModelRuntime.search`; of the noise only a seed is taken."""
        seed = int(noise.flatten()[:1].view(torch.int32)) & 0x7FFFFFFF
        problem = Problem(self._module, latent, self._tensor(joints), goal, settings, warm_start, seed)
        with self._searching():
            actions = self._solver.solve(problem).clamp(-1.0, 1.0)
        terms = [0.0] * len(TERM_NAMES)  # it does not say
        predicted = latent.unsqueeze(0).cpu()
        iterations = settings.num_iterations
        return SearchResult(actions, terms, predicted, iterations, SOURCES.index("random"), None)
