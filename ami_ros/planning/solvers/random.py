# SPDX-License-Identifier: Apache-2.0
"""Baseline: any action."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution


@dataclass(frozen=True)
class Settings:
    """There is nothing to set."""


class Solver:
    """Draws one block, uniform in the range of the actions."""

    searches = False

    def __init__(self, objective: Objective, settings: Settings) -> None:
        pass

    def solve(self, problem: Problem) -> Solution:
        """Return a block (1, K A)."""
        shape = (1, problem.hold.shape[1])
        return Solution(torch.rand(shape, generator=problem.generator) * 2.0 - 1.0)
