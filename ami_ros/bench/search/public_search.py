# SPDX-License-Identifier: Apache-2.0
"""Our world model and our receding horizon with a public solver between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.iteration import SOURCES, finite
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.search import SearchResult
from ami_ros.planning.sections import module_of
from ami_ros.planning.settings import PlannerSettings


@dataclass(frozen=True, eq=False)
class Problem:
    """The problem for a solver, with the predictor and cost that ours calls, scripted in the same way.

    Attributes:
        model: the world model.
        state: (Z,) now.
        goal: encoded.
        terms: of the cost, as ours.
        settings: budget, spread and weights.
        warm_start: (T, K A) in [-1, 1], the shifted last plan.
        seed: of the solver's random numbers.
    """

    model: ModelRuntime
    state: Tensor
    goal: EncodedGoal
    terms: list[nn.Module]
    settings: PlannerSettings
    warm_start: Tensor
    seed: int

    def predict(self, states: Tensor, actions: Tensor) -> Tensor:
        """Return the states (S, Z) one block (S, K A) later."""
        predicted: Tensor = self.model.world.predict(states, actions)
        return predicted

    def cost(self, candidates: Tensor) -> Tensor:
        """Return the costs (S,) of candidates (S, T, K A) in [-1, 1]."""
        return self.cost_of(self.model.world.rollout(self.state, candidates), candidates)

    def cost_of(self, states: Tensor, candidates: Tensor) -> Tensor:
        """Return the costs (S,) of predicted states (S, T, Z)."""
        now, steps = self.state.unsqueeze(0), list(states.unbind(1))
        cameras, size = len(self.model.contract.cameras), self.model.contract.latent_size
        nothing = states.new_zeros((0, cameras, size))
        rollout = Rollout(now, steps, candidates, self.goal, nothing, [size] * cameras)
        return finite(torch.stack([term(rollout) for term in self.terms], dim=1).sum(dim=1))


class Solver(Protocol):
    """A public solver, driven through its own interface."""

    def solve(self, problem: Problem) -> Tensor:
        """Return the chosen actions (T, K A), which may lie outside [-1, 1]."""


class PublicSearch:
    """Searches with a public solver: everything else equals ours.

    Args:
        model: the loaded world model.
        solver: searches.
        settings: as of ours.
    """

    def __init__(self, model: ModelRuntime, solver: Solver, settings: PlannerSettings) -> None:
        self._model, self._solver, self._settings = model, solver, settings
        sections = settings.terms.items()
        self._terms = [module_of("terms", name).Term(model.world, section) for name, section in sections]

    def search(
        self, state: Tensor, goal: EncodedGoal, warm_start: Tensor, hold: Tensor, noise: Tensor
    ) -> SearchResult:
        """Search for actions like `LatentSearch.search`; the noise only provides a seed."""
        seed = int(noise.flatten()[:1].view(torch.int32)) & 0x7FFFFFFF
        problem = Problem(self._model, state, goal, self._terms, self._settings, warm_start, seed)
        with self._model.searching():
            actions = self._solver.solve(problem).clamp(-1.0, 1.0)
        terms = [0.0] * len(self._terms)  # not reported
        predicted, iterations = state.unsqueeze(0).cpu(), self._settings.num_iterations
        return SearchResult(actions, terms, predicted, iterations, SOURCES.index("random"), None)
