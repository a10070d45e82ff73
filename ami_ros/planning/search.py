# SPDX-License-Identifier: Apache-2.0
"""The search for actions: iterations until the best is good enough or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.iteration import Iteration
from ami_ros.planning.recall import Recall
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The result of a search, on the CPU.

    Attributes:
        actions: (T, K A) in [-1, 1].
        cost_terms: value of each term of the settings.
        predicted: (T, Z) states.
        iterations: number of iterations.
        source: source of the actions, index into SOURCES.
        disagreement: disagreement about `predicted`, 1 is usual; None if nothing was predicted.
    """

    actions: Tensor
    cost_terms: list[float]
    predicted: Tensor
    iterations: int
    source: int
    disagreement: float | None


class Search(Protocol):
    """Finds actions toward a goal: the built-in search, or another one."""

    def search(
        self, state: Tensor, goal: EncodedGoal, warm_start: Tensor, hold: Tensor, noise: Tensor
    ) -> SearchResult:
        """Search from state (Z,); arguments as `LatentSearch.search`."""


class LatentSearch:
    """An anytime search, deterministic in its arguments except for its time limit.

    Args:
        model: the loaded world model.
        settings: search settings; the solver must be one of planning/solvers.
        clock_ns: clock, ns.
        recall: queries a memory.
    """

    def __init__(
        self,
        model: ModelRuntime,
        settings: PlannerSettings,
        clock_ns: Callable[[], int],
        recall: Recall | None = None,
    ) -> None:
        self._recall = recall or Recall(model, settings, None)
        self._model, self._settings = model, settings
        self._stopwatch = Stopwatch(clock_ns, settings.deadline_s)
        self._iteration = model.around(
            lambda world: Iteration(world, settings, model.contract), ["first", "doubt"]
        )

    def search(
        self, state: Tensor, goal: EncodedGoal, warm_start: Tensor, hold: Tensor, noise: Tensor
    ) -> SearchResult:
        """Search for actions.

        Args:
            state: (Z,) current state.
            goal: encoded goal.
            warm_start: (T, K A) in [-1, 1], the shifted last plan.
            hold: (T, K A) in [-1, 1], actions that hold still.
            noise: (I, S, T, K A) standard normal; its shape sets iterations and candidates.
        """
        self._stopwatch.start()
        device = self._model.device
        warm_start, hold, noise = warm_start.to(device), hold.to(device), noise.to(device)
        dreaded = self._recall.dreaded(state)
        precedents = self._recall.precedents(state, goal, hold)
        with self._model.searching():
            now, done = state.unsqueeze(0), 1
            found = self._iteration.first(now, goal, warm_start, hold, noise[0], dreaded, precedents)
            while done < len(noise) and not self._stopwatch.is_over:
                found = self._iteration(found, now, goal, noise[done], dreaded)
                done += 1
            doubt = float(self._iteration.doubt(now, found))
        _, _, best, _, terms, predicted, source = found
        return SearchResult(best.cpu(), terms.tolist(), predicted.cpu(), done, source, doubt)
