# SPDX-License-Identifier: Apache-2.0
"""Baseline: stand still."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution


@dataclass(frozen=True)
class Settings:
    """There is nothing to set."""


class Solver:
    """Proposes one block that holds still, whatever the goal."""

    searches = False

    def __init__(self, objective: Objective, settings: Settings) -> None:
        pass

    def solve(self, problem: Problem) -> Solution:
        """Return the block (1, K A) that holds still."""
        return Solution(problem.hold[:1])
