# SPDX-License-Identifier: Apache-2.0
"""Baseline: what a memory says led from here toward such a goal."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution

RETRIEVED = 100  # action blocks: look-ahead of a planner that only retrieves


@dataclass(frozen=True)
class Settings:
    """There is nothing to set."""


class Solver:
    """Repeats the best precedent; stands still without one.

    Args:
        objective: has the horizon.
        settings: unused.
    """

    searches, recalls = False, True

    def __init__(self, objective: Objective, settings: Settings) -> None:
        self._horizon = objective.settings.horizon

    def solve(self, problem: Problem) -> Solution:
        """Return at most a horizon of blocks (T, K A)."""
        still = problem.hold[:1]
        found = problem.recall.precedents(problem.state, problem.goal, still.expand(RETRIEVED, -1), 1)
        return Solution(found[0, : self._horizon] if len(found) else still)
