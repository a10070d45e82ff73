# SPDX-License-Identifier: Apache-2.0
"""What a solver is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.planning.objective import Objective
from ami_ros.planning.recall import Recall
from ami_ros.planning.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found, on the CPU.

    Attributes:
        actions: (T, K A) in [-1, 1].
        cost_terms: value of each term of the settings; empty if the solver did not ask.
        predicted: (T, Z) states that the actions lead to; None if nothing was predicted.
        iterations: number of iterations.
        complete: whether the deadline left time for all of them.
        source: where the actions come from, as `Plan.proposal` reports it; empty: the solver's name.
        disagreement: disagreement about `predicted`, 1 is usual; None if nothing was predicted.
        recalled: first candidates that came from a memory.
        considered: returns at most as many of the first candidates (N, T, K A) as requested, for people; the
            solver has none to show.
    """

    actions: Tensor
    cost_terms: tuple[float, ...] = ()
    predicted: Tensor | None = None
    iterations: int = 0
    complete: bool = True
    source: str = ""
    disagreement: float | None = None
    recalled: int = 0
    considered: Callable[[int], Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """One plan to find. A solver draws all its random numbers from `generator`.

    Attributes:
        objective: what is minimised, with the planner's settings and the model.
        state: (Z,) the current state.
        goal: the encoded goal.
        warm_start: (T, K A) in [-1, 1], the shifted last plan.
        hold: (T, K A) in [-1, 1], actions that hold still.
        generator: random numbers, on the CPU.
        stopwatch: started with the problem.
        recall: queries a memory.
    """

    objective: Objective
    state: Tensor
    goal: EncodedGoal
    warm_start: Tensor
    hold: Tensor
    generator: torch.Generator
    stopwatch: Stopwatch
    recall: Recall

    @property
    def now(self) -> Tensor:
        """The current state, (1, Z)."""
        return self.state.unsqueeze(0)

    @cached_property
    def dreaded(self) -> Tensor:
        """The nearest latents (C, V, D) to avoid."""
        return self.recall.dreaded(self.state)

    def evaluate(self, candidates: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the costs (S,) of candidates (S, T, K A) in [-1, 1], their terms and their states.

        See `Costs.forward`. Gradients flow to candidates that require them, as anywhere in torch; then it
        computes in float32.
        """
        found: tuple[Tensor, Tensor, list[Tensor]]
        if candidates.requires_grad:
            # Clones: autograd cannot keep the tensors that inference made.
            goal = self.goal._replace(targets=[target.clone() for target in self.goal.targets])
            costs = self.objective.differentiable
            return costs(self.now.clone(), goal, candidates, self.dreaded.clone())  # type: ignore[no-any-return]
        with self.objective.model.searching():
            found = self.objective.costs(self.now, self.goal, candidates, self.dreaded)
        return found

    def solution(self, actions: Tensor, iterations: int = 1, complete: bool = True) -> Solution:
        """Return actions (T, K A) in [-1, 1] with everything that a plan reports of them."""
        with self.objective.model.searching():
            candidates = actions.unsqueeze(0).to(self.objective.model.device)
            _, terms, states = self.evaluate(candidates)
            doubt = float(self.objective.costs.doubt(self.now, states, candidates))
        predicted, values = torch.cat(states).cpu(), tuple(terms[0].tolist())
        return Solution(actions.cpu(), values, predicted, iterations, complete, disagreement=doubt)


class Solver(Protocol):
    """Finds the actions toward a goal that cost least; owns its loop.

    A file in planning/solvers, or an entry point of another package, has a dataclass `Settings` and a class
    `Solver`, which is built once with an `Objective` and the settings. It may have two attributes: `searches`
    (False: no routes, no memory) and `recalls` (True: it always needs a memory).
    """

    def solve(self, problem: Problem) -> Solution:
        """Return the best actions found until the budget or the time is used up."""
