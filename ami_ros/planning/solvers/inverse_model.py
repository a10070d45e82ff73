# SPDX-License-Identifier: Apache-2.0
"""Baseline: the inverse model's action, without a look ahead."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution


@dataclass(frozen=True)
class Settings:
    """There is nothing to set."""


class Solver:
    """Asks the model which block led from states like this one to views like the goal's.

    Args:
        objective: has the model.
        settings: unused.
    """

    searches = False

    def __init__(self, objective: Objective, settings: Settings) -> None:
        self._model = objective.model

    def solve(self, problem: Problem) -> Solution:
        """Return a block (1, K A). Raises GoalError: the goal is not an image."""
        return Solution(self._model.inverse_action(problem.state, problem.goal).unsqueeze(0))
