# SPDX-License-Identifier: Apache-2.0
"""One iteration of the search: draw candidates, roll them out, keep the best, refit the distribution."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ami_ros.model.contract import Contract
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.scripted import offered
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.sections import module_of
from ami_ros.planning.settings import PlannerSettings

# Order of the candidates: those not drawn at random, then the random ones, then those of a memory.
SOURCES = ("warm_start", "hold", "inverse_model", "random", "retrieval")


# Progress of a search: mean and std (T, K A) of the next candidates; the cheapest actions (T, K A) so far,
# their cost (1,), its terms (number of terms,), the states (T, Z) that they lead to, and their source, an
# index into SOURCES. Not a NamedTuple: torch would create its type at every return.
Found: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, int]


class Iteration(nn.Module):
    """The part of a search that is worth compiling.

    Args:
        world: a world model, see `WorldModel`.
        settings: solver, terms and spread.
        contract: contract of the model. Its reach bounds the sampled actions: a model can only guess the
            outcome of actions beyond those in its data.
    """

    def __init__(self, world: Any, settings: PlannerSettings, contract: Contract) -> None:
        super().__init__()
        self.world = world
        self.lowest: Tensor
        self.register_buffer("lowest", torch.tensor(contract.reach[0]))
        self.highest: Tensor
        self.register_buffer("highest", torch.tensor(contract.reach[1]))
        self.solver = module_of("solvers", settings.solver).Solver(settings.solvers[settings.solver])
        self.terms = nn.ModuleList(
            module_of("terms", name).Term(world, section) for name, section in settings.terms.items()
        )
        self.initial_std, self.minimum_std = settings.initial_std, settings.minimum_std
        self.steers = settings.inverse_proposal
        # Not the list itself: without a camera, TorchScript could not infer its element type.
        self.cameras, self.latent_size = len(contract.cameras), contract.latent_size

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
        candidates = (warm_start + self.initial_std * noise).clamp(self.lowest, self.highest)
        candidates[0] = warm_start
        candidates[1] = hold
        seeds, remembered = 2, 3 + precedents.shape[0]
        candidates[3:remembered] = precedents
        if self.steers and goal.kind != "vectors":
            states = self.world.steered_states(now, candidates, goal.targets, goal.parts, 2)
            seeds = 3
        else:
            states = self.world.states(now, candidates)
        rollout = Rollout(now, states, candidates, goal, dreaded, [self.latent_size] * self.cameras)
        terms = self._terms(rollout)
        cost = finite(terms.sum(dim=1))
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
        states = self.world.states(now, candidates)
        rollout = Rollout(now, states, candidates, goal, dreaded, [self.latent_size] * self.cameras)
        terms = self._terms(rollout)
        cost = finite(terms.sum(dim=1))
        winner = int(cost.argmin())
        mean, std = self._refitted(candidates, cost)
        if bool(cost[winner] < least[0]):
            best, least, best_terms = candidates[winner], cost[winner : winner + 1], terms[winner]
            predicted, source = torch.stack([state[winner] for state in states]), 3
        return mean, std, best, least, best_terms, predicted, source

    @offered
    def doubt(self, now: Tensor, found: Found) -> Tensor:
        """Return the model's uncertainty () about the outcome of the best actions; 1 is usual."""
        states = list(found[5].unsqueeze(1).unbind(0))
        doubts: Tensor = self.world.disagreement(now, states, found[2].unsqueeze(0))
        return doubts.mean()

    def _terms(self, rollout: Rollout) -> Tensor:
        """Return the value of each term (S, number of terms)."""
        columns: list[Tensor] = []
        for term in self.terms:
            columns.append(term(rollout))
        return torch.stack(columns, dim=1)

    def _refitted(self, candidates: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and std (T, K A) of the next candidates."""
        mean, std = self.solver(candidates, cost)
        return mean, std.clamp_min(self.minimum_std)


def finite(cost: Tensor) -> Tensor:
    """Return costs (S,) in which a non-finite one never wins."""
    return torch.where(torch.isfinite(cost), cost, torch.full_like(cost, 1e30))
