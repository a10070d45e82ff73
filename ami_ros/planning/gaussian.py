# SPDX-License-Identifier: Apache-2.0
"""The loop of every solver that refits a Gaussian: draw candidates, roll them out, keep the best, refit."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ami_ros.model.contract import Contract
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.scripted import offered
from ami_ros.planning.noise import LastingNoise
from ami_ros.planning.objective import Costs, Objective
from ami_ros.planning.problem import Problem, Solution
from ami_ros.planning.settings import PlannerSettings

# Order of the candidates: those not drawn at random, then the random ones, then those of a memory.
SOURCES = ("warm_start", "hold", "inverse_model", "random", "retrieval")


# Progress of a search: mean and std (T, K A) of the next candidates; the cheapest actions (T, K A) so far,
# their cost (1,), its terms (number of terms,), the states (T, Z) that they lead to, and their source, an
# index into SOURCES. Not a NamedTuple: torch would create its type at every return.
Found: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, int]


def first_candidates(
    warm_start: Tensor, hold: Tensor, noise: Tensor, std: float, lowest: Tensor, highest: Tensor
) -> Tensor:
    """Return the first candidates (S, T, K A): the last plan, standing still, and others around it.

    Args:
        warm_start: (T, K A) in [-1, 1], the shifted last plan.
        hold: (T, K A) in [-1, 1], actions that hold still.
        noise: (S, T, K A) standard normal.
        std: spread of the candidates.
        lowest: (K A,) bounds of an action block.
        highest: (K A,).
    """
    candidates = (warm_start + std * noise).clamp(lowest, highest)
    candidates[0] = warm_start
    candidates[1] = hold
    return candidates


class Iteration(nn.Module):
    """The part of the loop that is worth compiling.

    Args:
        costs: the objective.
        refit: returns mean and std (T, K A) of the next candidates, from candidates (S, T, K A) and their
            finite costs (S,).
        settings: spread of the candidates.
        contract: contract of the model. Its reach bounds the sampled actions: a model can only guess the
            outcome of actions beyond those in its data.
    """

    def __init__(self, costs: Costs, refit: nn.Module, settings: PlannerSettings, contract: Contract) -> None:
        super().__init__()
        self.costs, self.refit = costs, refit
        self.lowest: Tensor
        self.register_buffer("lowest", torch.tensor(contract.reach[0]))
        self.highest: Tensor
        self.register_buffer("highest", torch.tensor(contract.reach[1]))
        self.initial_std, self.minimum_std = settings.initial_std, settings.minimum_std
        self.steers = settings.inverse_proposal

    @offered
    def first(
        self,
        now: Tensor,
        goal: EncodedGoal,
        warm_start: Tensor,
        hold: Tensor,
        noise: Tensor,
        dreaded: Tensor,
        precedents: Tensor,
    ) -> Found:
        """Run the first iteration.

        The candidates include the last plan, standing still, the inverse model's actions for image goals,
        and the precedents of a memory.

        Args:
            now: (1, Z) the current state.
            goal: the goal.
            warm_start: (T, K A) in [-1, 1], the shifted last plan.
            hold: (T, K A) in [-1, 1], actions that hold still.
            noise: (S, T, K A) standard normal.
            dreaded: (C, V, D) latents of V cameras to avoid; C may be 0.
            precedents: (N, T, K A) in [-1, 1], from a memory; N may be 0.
        """
        candidates = first_candidates(warm_start, hold, noise, self.initial_std, self.lowest, self.highest)
        seeds, remembered = 2, 3 + precedents.shape[0]
        candidates[3:remembered] = precedents
        if self.steers and goal.kind != "vectors":
            states = self.costs.world.steered_states(now, candidates, goal.targets, goal.parts, 2)
            seeds = 3
        else:
            states = self.costs.world.states(now, candidates)
        cost, terms = self.costs.of_states(now, goal, candidates, dreaded, states)
        winner = int(cost.argmin())
        source = winner if winner < seeds else 3
        if 3 <= winner < remembered:
            source = 4
        predicted = torch.stack([state[winner] for state in states])
        mean, std = self._refitted(candidates, cost)
        return mean, std, candidates[winner], cost[winner : winner + 1], terms[winner], predicted, source

    def forward(
        self,
        found: Found,
        now: Tensor,
        goal: EncodedGoal,
        noise: Tensor,
        dreaded: Tensor,
    ) -> Found:
        """Run another iteration around the best so far; arguments as in `first`."""
        mean, std, best, least, best_terms, predicted, source = found
        candidates = (mean + std * noise).clamp(self.lowest, self.highest)
        candidates[0] = best
        candidates[1] = mean
        cost, terms, states = self.costs(now, goal, candidates, dreaded)
        winner = int(cost.argmin())
        mean, std = self._refitted(candidates, cost)
        if bool(cost[winner] < least[0]):
            best, least, best_terms = candidates[winner], cost[winner : winner + 1], terms[winner]
            predicted, source = torch.stack([state[winner] for state in states]), 3
        return mean, std, best, least, best_terms, predicted, source

    @offered
    def doubt(self, now: Tensor, found: Found) -> Tensor:
        """Return the model's uncertainty () about the outcome of the best actions; 1 is usual."""
        return self.costs.doubt(now, list(found[5].unsqueeze(1).unbind(0)), found[2].unsqueeze(0))

    def _refitted(self, candidates: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and std (T, K A) of the next candidates."""
        mean, std = self.refit(candidates, cost)
        return mean, std.clamp_min(self.minimum_std)


class GaussianSolver:
    """An anytime search, deterministic in its arguments except for its time limit.

    A solver of this family gives its own `Refit`, built with its settings: see `Iteration`.

    Args:
        objective: what is minimised.
        settings: of the solver.
    """

    Refit: type[nn.Module]

    def __init__(self, objective: Objective, settings: Any) -> None:
        model, planner = objective.model, objective.settings
        self._iteration = objective.around(
            lambda costs: Iteration(costs, self.Refit(settings), planner, model.contract), ["first", "doubt"]
        )
        self._noise = LastingNoise(planner.noise_correlation, planner.horizon, model.contract.block)
        self._shape, self._precedents = (planner.num_iterations, planner.num_samples), planner.precedents
        self._initial_std = planner.initial_std

    def solve(self, problem: Problem) -> Solution:
        """Return the cheapest candidate of all iterations."""
        shape = (*self._shape, *problem.warm_start.shape)
        return self.search(problem, self._noise.of(torch.randn(shape, generator=problem.generator)))

    def search(self, problem: Problem, noise: Tensor) -> Solution:
        """Do as `solve`, with given noise.

        Args:
            problem: the plan to find.
            noise: (I, S, T, K A) standard normal; its shape sets iterations and candidates.
        """
        model, now, goal = problem.objective.model, problem.now, problem.goal
        warm_start, hold = problem.warm_start.to(model.device), problem.hold.to(model.device)
        noise, dreaded = noise.to(model.device), problem.dreaded
        precedents = problem.recall.precedents(problem.state, problem.goal, hold, self._precedents)
        with model.searching():
            done = 1
            found = self._iteration.first(now, goal, warm_start, hold, noise[0], dreaded, precedents)
            while done < len(noise) and not problem.stopwatch.is_over:
                found = self._iteration(found, now, goal, noise[done], dreaded)
                done += 1
            doubt = float(self._iteration.doubt(now, found))
        _, _, best, _, terms, predicted, source = found
        return Solution(
            best.cpu(),
            tuple(terms.tolist()),
            predicted.cpu(),
            done,
            done == len(noise),
            SOURCES[source],
            doubt,
            len(precedents),
            partial(self._considered, problem, warm_start, hold, noise[0]),
        )

    def _considered(
        self, problem: Problem, warm_start: Tensor, hold: Tensor, noise: Tensor, count: int
    ) -> Tensor:
        """Return standing still, and random candidates of the first iteration (N, T, K A); see `Solution`."""
        bounds = problem.objective.bounds
        candidates = first_candidates(warm_start, hold, noise, self._initial_std, *bounds)
        return candidates[1 : 1 + count]
