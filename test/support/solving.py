# SPDX-License-Identifier: Apache-2.0
"""Problems for solvers, without a planner around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution
from ami_ros.planning.recall import Recall
from ami_ros.planning.sections import SOLVERS
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.stopwatch import Stopwatch


def problem(
    model: ModelRuntime,
    settings: PlannerSettings,
    state: Tensor,
    goal: EncodedGoal,
    warm_start: Tensor,
    hold: Tensor,
    clock_ns: Callable[[], int] = lambda: 0,
    memory: Any = None,
) -> Problem:
    """Return a problem whose stopwatch runs, with random numbers of seed 0."""
    generator, stopwatch = torch.Generator().manual_seed(0), Stopwatch(clock_ns, settings.deadline_s)
    recall = Recall(model, settings, memory)
    return Problem(Objective(model, settings), state, goal, warm_start, hold, generator, stopwatch, recall)


def solver(given: Problem) -> Any:
    """Return the solver that the settings name."""
    settings = given.objective.settings
    return SOLVERS.named(settings.solver).Solver(given.objective, settings.solvers[settings.solver])


def searched(given: Problem, noise: Tensor) -> Solution:
    """Search with given noise (I, S, T, K A)."""
    found: Solution = solver(given).search(given, noise)
    return found
