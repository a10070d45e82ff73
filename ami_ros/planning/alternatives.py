# SPDX-License-Identifier: Apache-2.0
"""What a search turned down, and why: computed when somebody asks, off the planning path."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.planning.problem import Problem, Solution
from ami_ros.types import Alternative


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Judges some candidates of a finished search again; see `Plan.alternatives`.

    Attributes:
        spec: the robot.
        problem: the finished search's problem.
        found: its solution.
    """

    spec: RobotSpec
    problem: Problem
    found: Solution

    def __call__(self, count: int) -> tuple[Alternative, ...]:
        """Return at most `count` candidates that cost more than the plan."""
        if self.found.considered is None:
            return ()
        problem, objective = self.problem, self.problem.objective
        with torch.inference_mode():
            candidates = self.found.considered(count)
            cost, terms, _ = objective.unhurried(problem.now, problem.goal, candidates, problem.dreaded)
        names, chosen = list(objective.settings.terms), sum(self.found.cost_terms)
        shape = (len(candidates), -1, self.spec.action_block, self.spec.action_size)
        actions = self.spec.actions.in_units(candidates.cpu().double().numpy().reshape(shape))
        return tuple(
            Alternative(actions[i], dict(zip(names, terms[i].tolist(), strict=True)))
            for i in range(len(candidates))
            if float(cost[i]) > chosen
        )
